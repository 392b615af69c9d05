/** `ADDR:PORT` of `--http`. */
import { addressFamily, canonicalAddress } from '@manul/bgp/net';
import { usageError } from '../cli/command-error.ts';

export interface TcpAddress {
  /** Canonical address, or `localhost`. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * Accepts `127.0.0.1:9179`, `[::1]:9179`, `:9179` (every address) and `off`.
 * @returns null for `off`
 * @throws CommandError when the text is none of these
 */
export function parseHttpAddress(text: string): TcpAddress | null {
  if (text === 'off') return null;
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.['port']);
  const host = hostOf(match?.groups?.['six'], match?.groups?.['four']);
  if (match === null || host === null || port > 65_535) {
    throw usageError(
      `--http: "${text}" is no ADDRESS:PORT, examples: 127.0.0.1:9179, [::1]:9179, :9179, off`,
    );
  }
  return { host, port };
}

/** The address as it stands in a URL. */
export function formatTcpAddress(address: TcpAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function hostOf(six: string | undefined, four: string | undefined): string | null {
  if (six !== undefined) return addressFamily(six) === 'ipv6' ? canonicalAddress(six) : null;
  if (four === undefined) return null;
  if (four === '') return '::';
  if (four === 'localhost') return four;
  return addressFamily(four) === 'ipv4' ? canonicalAddress(four) : null;
}
