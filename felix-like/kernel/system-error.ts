/** Errors of the kernel as names and sentences. */
import { constants } from 'node:os';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import type { KernelFailure } from './kernel-port.ts';

/** What the kernel means by these on routes and links, where the general text would mislead. */
const TEXTS: Readonly<Record<string, string>> = {
  EPERM: 'not permitted; writing routes needs CAP_NET_ADMIN',
  ESRCH: 'no such route',
  EEXIST: 'the route exists',
  ENODEV: 'no such interface',
  ENETDOWN: 'the interface is down',
  ENETUNREACH: 'the gateway is not reachable',
  EHOSTUNREACH: 'the gateway is not reachable',
  EOPNOTSUPP: 'not supported by this kernel',
  EAFNOSUPPORT: 'the address family is not supported by this kernel',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no room: the table is full',
  ENOMEM: 'no memory, or the table is full',
  ENOBUFS: 'no room: the kernel has no buffers left, or the table is full',
};

/** `ENODEV` of a positive errno. Of two names for one number, that which the kernel uses. */
export function errorCode(errno: number): string {
  const name = getSystemErrorName(-errno);
  return name === 'ENOTSUP' ? 'EOPNOTSUPP' : name;
}

/** @param sentence the kernel's own words, if it gave any */
export function kernelFailure(errno: number, sentence: string | null = null): KernelFailure {
  const code = errorCode(errno);
  return { code, text: sentence === null ? generalText(code) : `${sentence} (${code})` };
}

/** What stands for an error of which the kernel says nothing but its number. */
export function generalText(code: string): string {
  const errno = constants.errno[code as keyof typeof constants.errno];
  return `${TEXTS[code] ?? (errno === undefined ? 'error' : getSystemErrorMessage(-errno))} (${code})`;
}
