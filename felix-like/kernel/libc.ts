/**
 * The calls of the C library that Node lacks, as typed functions. All are synchronous: in a Worker thread koffi's
 * asynchronous calls are not to be relied upon.
 */
import koffi from 'koffi';

const libc = koffi.load(null);

type Bytes = Uint8Array<ArrayBufferLike>;

export const socket: (domain: number, type: number, protocol: number) => number = libc.func(
  'int socket(int domain, int type, int protocol)',
);
export const bind: (fd: number, address: Bytes, length: number) => number = libc.func(
  'int bind(int fd, void *address, uint32_t length)',
);
export const getsockname: (fd: number, address: Bytes, length: Uint32Array) => number = libc.func(
  'int getsockname(int fd, void *address, void *length)',
);
export const setsockopt: (fd: number, level: number, name: number, value: Bytes, length: number) => number =
  libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)');
export const send: (fd: number, bytes: Bytes, length: number, flags: number) => number = libc.func(
  'intptr_t send(int fd, void *bytes, size_t length, int flags)',
);
export const recv: (fd: number, bytes: Bytes, length: number, flags: number) => number = libc.func(
  'intptr_t recv(int fd, void *bytes, size_t length, int flags)',
);
/** `fds`: struct pollfd { i32 fd; i16 events; i16 revents }, eight bytes each. */
export const poll: (fds: Bytes, count: number, timeoutMs: number) => number = libc.func(
  'int poll(void *fds, unsigned long count, int timeoutMs)',
);
export const eventfd: (initial: number, flags: number) => number = libc.func(
  'int eventfd(unsigned int initial, int flags)',
);
export const setns: (fd: number, type: number) => number = libc.func('int setns(int fd, int type)');
/** Of an event counter: reads and resets it. */
export const read: (fd: number, bytes: Bytes, length: number) => number = libc.func(
  'intptr_t read(int fd, void *bytes, size_t length)',
);
export const ioctl: (fd: number, request: number, argument: Bytes) => number = libc.func(
  'int ioctl(int fd, unsigned long request, void *argument)',
);
export const close: (fd: number) => number = libc.func('int close(int fd)');

/** The address of bytes, for structures that hold pointers; keep the bytes referenced meanwhile. */
export function addressOf(bytes: Bytes): bigint {
  return koffi.address(bytes);
}

/** The error of the last call on this thread; read it right after the call. */
export function errno(): number {
  return koffi.errno();
}
