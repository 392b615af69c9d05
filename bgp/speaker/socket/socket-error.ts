/** What a failed system call on a socket means, in words a network engineer uses. */

const TEXT_BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  ECONNABORTED: 'connection aborted',
  EPIPE: 'connection closed by peer',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'local address is not available',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EMFILE: 'no file descriptor is left',
  ENFILE: 'no file descriptor is left on this machine',
  ENODEV: 'no such interface',
  ENOMEM: 'no memory',
  ENOBUFS: 'no buffer space',
};

/** `connection refused`; the system's own words for a code that is not listed. */
export function socketErrorText(error: NodeJS.ErrnoException): string {
  return (error.code === undefined ? undefined : TEXT_BY_CODE[error.code]) ?? error.message;
}

/** Of a socket that was to listen at `port`. */
export function listenErrorText(error: NodeJS.ErrnoException, port: number): string {
  const text = socketErrorText(error);
  if (error.code !== 'EACCES' || port >= 1024) return text;
  return `${text}: below port 1024 it takes CAP_NET_BIND_SERVICE; where this is not root, also in the runtime's file, as in our image`;
}
