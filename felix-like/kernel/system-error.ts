/** Errors of the kernel as names and sentences. */
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
};

/** `ENODEV` of a positive errno. */
export function errorCode(errno: number): string {
  return getSystemErrorName(-errno);
}

/** @param sentence the kernel's own words, if it gave any */
export function kernelFailure(errno: number, sentence: string | null = null): KernelFailure {
  const code = errorCode(errno);
  const general = TEXTS[code] ?? getSystemErrorMessage(-errno);
  return { code, text: `${sentence ?? general} (${code})` };
}
