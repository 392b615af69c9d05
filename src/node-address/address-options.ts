/** `--ip`, `--ip6` and the methods to find the addresses of this node, named as in Calico. */
import { canonicalAddress, FAMILIES, type Family, parsePrefix } from '@manul/bgp/net';
import { parseDurationSec } from '@manul/config';
import { type DetectionMethod, parseDetectionMethod } from '@manul/felix-like/autodetect';
import type { RawArguments } from '../cli/arguments.ts';
import { usageError } from '../cli/command-error.ts';

/** Where the address of one family comes from. */
export type AddressSource =
  /** The Node resource. */
  | { readonly kind: 'resource' }
  /** Given; `length` null: that of the interface which has it. */
  | { readonly kind: 'given'; readonly address: string; readonly length: number | null }
  /** Found; `always` also where the Node resource has one. */
  | {
      readonly kind: 'detected';
      readonly method: DetectionMethod;
      readonly text: string;
      readonly always: boolean;
    };

export interface NodeAddressOptions {
  readonly sources: Readonly<Record<Family, AddressSource>>;
  /** Between two looks; 0: one alone. */
  readonly pollIntervalSec: number;
}

const FLAGS: Readonly<Record<Family, { readonly value: string; readonly method: string }>> = {
  ipv4: { value: 'ip', method: 'ip-autodetection-method' },
  ipv6: { value: 'ip6', method: 'ip6-autodetection-method' },
};
const DEFAULT_POLL_SEC = 60;

/** @throws CommandError (usage) naming the flag that is wrong */
export function readNodeAddressOptions(raw: RawArguments): NodeAddressOptions {
  const [ipv4, ipv6] = FAMILIES.map((family) => readSource(raw, family));
  return { sources: { ipv4: ipv4!, ipv6: ipv6! }, pollIntervalSec: readInterval(raw) };
}

function readSource(raw: RawArguments, family: Family): AddressSource {
  const flags = FLAGS[family];
  const value = raw.text(flags.value);
  const text = raw.text(flags.method);
  const method = parseDetectionMethod(text ?? 'first-found');
  if (typeof method === 'string') throw usageError(`--${flags.method}: ${method}`);
  if (value === 'autodetect') return { kind: 'detected', method, text: text ?? 'first-found', always: true };
  if (value === 'none') return { kind: 'resource' };
  if (value === undefined) {
    // Calico looks for an IPv4 address on its own; here that must be asked for, so that `render` shows what runs.
    return text === undefined ? { kind: 'resource' } : { kind: 'detected', method, text, always: false };
  }
  const prefix = parsePrefix(value, { mask: true });
  if (prefix === null || prefix.family !== family) {
    const name = family === 'ipv4' ? 'IPv4' : 'IPv6';
    throw usageError(`--${flags.value}: "${value}" is neither "autodetect", "none" nor an ${name} address`);
  }
  const [address, length] = value.split('/');
  return {
    kind: 'given',
    address: canonicalAddress(address!)!,
    length: length === undefined ? null : prefix.length,
  };
}

function readInterval(raw: RawArguments): number {
  const text = raw.text('autodetect-poll-interval');
  if (text === undefined) return DEFAULT_POLL_SEC;
  const seconds = parseDurationSec(text);
  if (seconds === null) throw usageError(`--autodetect-poll-interval: "${text}" is no duration, such as 60s`);
  return seconds;
}
