/** `ADDR:PORT` of `--http` and `--metrics`. */
import { addressFamily, canonicalAddress } from '@manul/bgp/net';
import { usageError } from '../cli/command-error.ts';

export interface TcpAddress {
  /** Canonical address, or `localhost`. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * Accepts `127.0.0.1:9179`, `[::1]:9179`, `:9179` (every address) and `off`; brackets go with either family, so
 * that a manifest can put them around an address that it does not know.
 * @returns null for `off`
 * @throws CommandError when the text is none of these
 */
export function parseHttpAddress(flag: string, text: string): TcpAddress | null {
  if (text === 'off') return null;
  const match = /^(?:\[(?<inside>[^\]]+)\]|(?<four>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.['port']);
  const host = hostOf(match?.groups?.['inside'], match?.groups?.['four']);
  if (match === null || host === null || port > 65_535) {
    throw usageError(
      `--${flag}: "${text}" is no ADDRESS:PORT, examples: 127.0.0.1:9179, [::1]:9179, :9179, off`,
    );
  }
  return { host, port };
}

/** The address as it stands in a URL. */
export function formatTcpAddress(address: TcpAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function hostOf(inside: string | undefined, four: string | undefined): string | null {
  if (inside !== undefined) return canonicalAddress(inside);
  if (four === undefined) return null;
  if (four === '') return '::';
  if (four === 'localhost') return four;
  return addressFamily(four) === 'ipv4' ? canonicalAddress(four) : null;
}
