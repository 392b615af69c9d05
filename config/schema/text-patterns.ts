/**
 * What API servers and Helm compare texts with: regular expressions in the syntax of RE2, as near to the parsers as those
 * come. What a parser takes always matches; what it refuses mostly does not. An empty text stands for none.
 */
import type { Family } from '@manul/bgp/net';

const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = `(${OCTET}[.]){3}${OCTET}`;
/** Little more than that there are two colons, and dots behind them alone. */
const IPV6 = '[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f.:]*';
const IPV4_LENGTH = '0{0,2}(3[0-2]|[12]?[0-9])';
const IPV6_LENGTH = '0{0,2}(12[0-8]|1[01][0-9]|[1-9]?[0-9])';
const ZONE = '(%[^\\s/%\\]]{1,15})?';

const OVER_9999 = '6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}';
const OVER_999999999 = [
  ...['429496729[0-5]', '42949672[0-8][0-9]', '4294967[01][0-9]{2}', '429496[0-6][0-9]{3}'],
  ...['42949[0-5][0-9]{4}', '4294[0-8][0-9]{5}', '429[0-3][0-9]{6}', '42[0-8][0-9]{7}', '4[01][0-9]{8}'],
  '[1-3][0-9]{9}',
].join('|');
const U16 = `(${OVER_9999}|[1-9]?[0-9]{1,3}|[1-9][0-9]{3})`;
const U32 = `(${OVER_999999999}|[1-9][0-9]{0,8}|0)`;
const PORT = `(${OVER_9999}|[1-9][0-9]{0,3})`;
const AS_NUMBER = `(0{0,9}${U32}|0{0,4}${U16}[.]0{0,4}${U16})`;
const AS_NUMBER_NOT_0 = `(0{0,9}(${OVER_999999999}|[1-9][0-9]{0,8})|0{0,4}${U16}[.]0{0,4}${U16})`;

const orNone = (pattern: string): string => `^(${pattern})?$`;

/** For one family, or whichever. */
function ofFamily(ipv4: string, ipv6: string): Readonly<Record<Family | 'any', string>> {
  return { ipv4: orNone(ipv4), ipv6: orNone(ipv6), any: orNone(`${ipv4}|${ipv6}`) };
}

export const TEXT_PATTERN = {
  address: ofFamily(IPV4, IPV6),
  prefix: ofFamily(`${IPV4}/${IPV4_LENGTH}`, `${IPV6}/${IPV6_LENGTH}`),
  /** `address`, `v4:port` or `[v6]:port`. */
  peerAddress: orNone(`${IPV4}(:${PORT})?|${IPV6}${ZONE}|\\[${IPV6}${ZONE}\\]:${PORT}`),
  asNumber: { 0: orNone(AS_NUMBER), 1: orNone(AS_NUMBER_NOT_0) },
  asRange: `^\\s*${AS_NUMBER_NOT_0}\\s*(-\\s*${AS_NUMBER_NOT_0}\\s*)?$`,
  community: orNone(`0{0,9}${U16}:0{0,9}${U16}|0{0,9}${U32}(:0{0,9}${U32}){2}`),
  strictCommunity: `^(${OVER_9999}|[1-9][0-9]{0,3}|0):(${OVER_9999}|[1-9][0-9]{0,3}|0)$|^${U32}(:${U32}){2}$`,
  duration: '^(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+)?$',
  interfacePattern: '^[a-zA-Z0-9_.*-]{1,15}$',
  interfacePatternNotStar: '^([a-zA-Z0-9_.*-]{2,15}|[a-zA-Z0-9_.-])$',
} as const;
