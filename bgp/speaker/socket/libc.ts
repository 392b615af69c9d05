/** The calls of the C library that Node lacks for TCP sockets, as typed functions. All are synchronous. */
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';

const libc = koffi.load(null);

type Bytes = Uint8Array<ArrayBufferLike>;

export const socket: (domain: number, type: number, protocol: number) => number = libc.func(
  'int socket(int domain, int type, int protocol)',
);
export const bind: (fd: number, address: Bytes, length: number) => number = libc.func(
  'int bind(int fd, void *address, uint32_t length)',
);
export const setsockopt: (fd: number, level: number, name: number, value: Bytes, length: number) => number =
  libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)');
export const getsockopt: (
  fd: number,
  level: number,
  name: number,
  value: Bytes,
  length: Uint32Array,
) => number = libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)');
export const capget: (header: Uint32Array, groups: Uint32Array) => number = libc.func(
  'int capget(void *header, void *groups)',
);
export const capset: (header: Uint32Array, groups: Uint32Array) => number = libc.func(
  'int capset(void *header, void *groups)',
);
/** @returns octets taken, or -1 */
export const send: (fd: number, bytes: Bytes, length: number, flags: number) => number = libc.func(
  'intptr_t send(int fd, const void *bytes, size_t length, int flags)',
);
export const close: (fd: number) => number = libc.func('int close(int fd)');

const syscall: (number: number, tid: number, bytes: Bytes, third: number, fourth: number) => number =
  libc.func('long syscall(long number, int tid, void *bytes, uint32_t third, uint32_t fourth)');
/** Numbers of calls for which the C library of some distributions has no function. */
const SCHED_CALLS: Partial<Record<NodeJS.Architecture, { readonly set: number; readonly get: number }>> = {
  x64: { set: 314, get: 315 },
  arm64: { set: 274, get: 275 },
};
const schedCalls = SCHED_CALLS[process.arch];

/** Fills in `struct sched_attr` of the calling thread. @returns 0, or -1 */
export function schedGetattr(attributes: Bytes): number {
  return schedCalls === undefined ? -1 : syscall(schedCalls.get, 0, attributes, attributes.length, 0);
}

/** @returns 0, or -1 */
export function schedSetattr(attributes: Bytes): number {
  return schedCalls === undefined ? -1 : syscall(schedCalls.set, 0, attributes, 0, 0);
}

/** The result of a call, or the error that it left behind. @throws Error with `code` and `syscall`, as Node's own */
export function checked(result: number, syscall: string): number {
  if (result >= 0) return result;
  const errno = koffi.errno();
  const code = getSystemErrorName(-errno);
  throw Object.assign(new Error(`${syscall} ${code}`), { code, errno: -errno, syscall });
}
