/** Addresses in the form of the kernel: `struct sockaddr_in` and `struct sockaddr_in6`. */
import { parseAddress } from '../../net/index.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;

const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;

/** AF_INET or AF_INET6 for 4 or 16 octets. */
export function socketFamily(address: Uint8Array): number {
  return address.length === 4 ? AF_INET : AF_INET6;
}

/** `family(2) port(2, network order) address(4)`, or `family(2) port(2) flow(4) address(16) scope(4)`. */
export function socketAddress(address: Uint8Array, port: number): Uint8Array {
  const isIpv4 = address.length === 4;
  const bytes = new Uint8Array(isIpv4 ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, socketFamily(address), true);
  view.setUint16(2, port);
  bytes.set(address, isIpv4 ? 4 : 8);
  return bytes;
}

/** @throws TypeError for text that is no address: those were checked before they came here */
export function addressBytes(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes === null) throw new TypeError(`no address: ${text}`);
  return bytes;
}
