/**
 * Options of a TCP socket that Node does not know: TCP MD5 keys (RFC 2385), TTL security (RFC 5082), binding to an
 * interface, and the SYN that a connection began with. All take a file descriptor and throw what the kernel answers.
 */
import type { Prefix } from '../../net/index.ts';
import { checked, getsockopt, setsockopt } from './libc.ts';
import { socketAddress } from './socket-address.ts';

const SOL_SOCKET = 1;
const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;
const IPPROTO_IPV6 = 41;

const SO_REUSEADDR = 2;
const SO_BINDTODEVICE = 25;
const IP_TTL = 2;
const IP_MINTTL = 21;
const IPV6_UNICAST_HOPS = 16;
const IPV6_V6ONLY = 26;
const IPV6_MINHOPCOUNT = 73;
const TCP_SAVE_SYN = 27;
const TCP_SAVED_SYN = 28;
const TCP_MD5SIG_EXT = 32;

export const MAX_TTL = 255;

export function setReuseAddress(fd: number): void {
  setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

export function setIpv6Only(fd: number): void {
  setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

/** TTL, or hop limit, of what this socket sends; a listener passes its own on to the SYN-ACK and to what it accepts. */
export function setTtl(fd: number, isIpv6: boolean, ttl: number): void {
  if (isIpv6) setInt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
  else setInt(fd, IPPROTO_IP, IP_TTL, ttl);
}

/** What arrives with less is dropped without a word (RFC 5082 §3). */
export function setMinimumTtl(fd: number, isIpv6: boolean, ttl: number): void {
  if (isIpv6) setInt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, ttl);
  else setInt(fd, IPPROTO_IP, IP_MINTTL, ttl);
}

/** Routes do not matter any more: the socket sends and receives by this interface alone. */
export function bindToInterface(fd: number, name: string): void {
  const bytes = new TextEncoder().encode(`${name}\0`);
  checked(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, bytes, bytes.length), 'setsockopt SO_BINDTODEVICE');
}

/** Whether accepted connections keep the headers of their SYN for `savedSyn`. */
export function saveSyn(fd: number, isWanted: boolean): void {
  setInt(fd, IPPROTO_TCP, TCP_SAVE_SYN, isWanted ? 1 : 0);
}

/** IP and TCP headers of the SYN that an accepted connection began with; empty when the listener kept none. Once. */
export function savedSyn(fd: number): Uint8Array {
  const bytes = new Uint8Array(512);
  const length = Uint32Array.of(bytes.length);
  checked(getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, bytes, length), 'getsockopt TCP_SAVED_SYN');
  return bytes.subarray(0, length[0]);
}

const MD5SIG_BYTES = 216;
const MD5SIG_FLAGS = 128;
const MD5SIG_PREFIX_LENGTH = 129;
const MD5SIG_KEY_LENGTH = 130;
const MD5SIG_KEY = 136;
const MD5SIG_FLAG_PREFIX = 1;

/**
 * Sets, replaces or (null) removes the key for segments from `prefix`. On a listener the longest prefix counts, and a
 * connection takes over its key at its SYN.
 *
 * `struct tcp_md5sig`: sockaddr_storage[128] flags(1) prefixlen(1) keylen(2) ifindex(4) key[80], host order.
 */
export function setMd5Key(fd: number, prefix: Prefix, key: string | null): void {
  const bytes = new Uint8Array(MD5SIG_BYTES);
  bytes.set(socketAddress(prefix.bytes, 0));
  bytes[MD5SIG_FLAGS] = MD5SIG_FLAG_PREFIX;
  bytes[MD5SIG_PREFIX_LENGTH] = prefix.length;
  const keyBytes = new TextEncoder().encode(key ?? '');
  new DataView(bytes.buffer).setUint16(MD5SIG_KEY_LENGTH, keyBytes.length, true);
  bytes.set(keyBytes, MD5SIG_KEY);
  checked(setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, bytes, bytes.length), 'setsockopt TCP_MD5SIG');
}

function setInt(fd: number, level: number, name: number, value: number): void {
  const bytes = new Uint8Array(Int32Array.of(value).buffer);
  checked(setsockopt(fd, level, name, bytes, bytes.length), `setsockopt ${level}/${name}`);
}
