/**
 * Protections of a transport connection: TCP MD5 (RFC 2385), TTL security (RFC 5082), and one interface. A connection
 * that asks for one of them never comes up without it: what cannot be set, or what the connection began without, ends
 * it.
 *
 * An accepted connection may have been completed before its protection was known (a key that has just been
 * configured), and may have sent whole messages by then, so that setting options on it is not enough: its SYN must
 * already have had the signature and the TTL.
 */
import type { Socket } from 'node:net';
import type { Prefix } from '../../net/index.ts';
import { readSyn } from './saved-syn.ts';
import { addressBytes } from './socket-address.ts';
import { bindToInterface, MAX_TTL, savedSyn, setMd5Key, setMinimumTtl, setTtl } from './socket-options.ts';

export interface SocketSecurity {
  /** Address text of the peer, without zone. */
  readonly address: string;
  /** TCP MD5 key, or null. */
  readonly password: string | null;
  /** GTSM hops, 1 to 255, or null. */
  readonly ttlSecurity: number | null;
  /** Packets must not leave the link: they are sent with TTL 1, unless TTL security asks for 255. */
  readonly singleHop: boolean;
  /** Name of the interface that the connection must use, or null. */
  readonly interface: string | null;
}

/** Why an accepted connection is not let in. */
export type UnprotectedReason = 'unsigned' | 'ttl' | 'unprotected';

export function isProtected({ password, ttlSecurity, singleHop, interface: name }: SocketSecurity): boolean {
  return password !== null || ttlSecurity !== null || singleHop || name !== null;
}

/** Least TTL that a segment of the peer may arrive with: `hops` routers decrement it from 255. */
export function minimumTtl(hops: number): number {
  return MAX_TTL + 1 - hops;
}

/** Sets everything, before connect. @throws Error of the system call that failed */
export function protectDialed(fd: number, security: SocketSecurity): void {
  if (security.interface !== null) bindToInterface(fd, security.interface);
  if (security.password !== null) setMd5Key(fd, hostPrefix(security.address), security.password);
  if (security.ttlSecurity !== null) limitTtl(fd, security.address, security.ttlSecurity);
  else if (security.singleHop) setTtl(fd, security.address.includes(':'), 1);
}

/** @returns null when the connection has all that is asked for, from its SYN on */
export function protectAccepted(socket: Socket, security: SocketSecurity): UnprotectedReason | null {
  if (!isProtected(security)) return null;
  const { password, ttlSecurity } = security;
  const fd = fileDescriptor(socket);
  if (fd === null) return 'unprotected';
  try {
    if (password !== null || ttlSecurity !== null) {
      const syn = readSyn(savedSyn(fd));
      if (syn === null) return 'unprotected';
      if (password !== null && !syn.isSigned) return 'unsigned';
      if (ttlSecurity !== null && syn.ttl < minimumTtl(ttlSecurity)) return 'ttl';
    }
    protectDialed(fd, security);
    return null;
  } catch {
    return 'unprotected'; // the caller refuses the connection and says so
  }
}

/**
 * Gives a living connection another key, or (null) none. Segments signed with the former one are dropped from now on
 * and sent again by the peer, once it has the new one.
 * @throws Error of the system call that failed
 */
export function changeKey(socket: Socket, address: string, key: string | null): void {
  const fd = fileDescriptor(socket);
  if (fd === null) return;
  try {
    setMd5Key(fd, hostPrefix(address), key);
  } catch (error) {
    const hadNone = key === null && (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!hadNone) throw error;
  }
}

/** Of a listening socket or a connection; null when it is closed. */
export function fileDescriptor(socket: object): number | null {
  const fd = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
  return fd === undefined || fd < 0 ? null : fd;
}

function limitTtl(fd: number, address: string, hops: number): void {
  const isIpv6 = address.includes(':');
  setTtl(fd, isIpv6, MAX_TTL);
  setMinimumTtl(fd, isIpv6, minimumTtl(hops));
}

function hostPrefix(address: string): Prefix {
  const bytes = addressBytes(address);
  const family = bytes.length === 4 ? 'ipv4' : 'ipv6';
  return { family, bytes, length: bytes.length * 8 };
}
