/** Opens a transport connection to a peer. */
import { connect, Socket } from 'node:net';
import { isLinkLocal } from '../../net/index.ts';
import { checked, close, socket as newSocket } from './libc.ts';
import { addressBytes, socketFamily } from './socket-address.ts';
import { isProtected, protectDialed, type SocketSecurity } from './socket-security.ts';

export interface DialOptions extends SocketSecurity {
  readonly port: number;
  /** Address that our end binds to, or null to let the kernel choose. */
  readonly localAddress: string | null;
}

const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

/**
 * The socket emits `connect` or `error`; it has its options set before the first byte. With a key the peer's refusals
 * are dropped by the kernel, for they are not signed: such a dial ends by the caller's timer only.
 */
export function dial(options: DialOptions): Socket {
  const { port, localAddress } = options;
  const target = {
    host: options.interface === null ? options.address : scoped(options.address, options.interface),
    port,
    noDelay: true,
    autoSelectFamily: false,
    ...(localAddress === null ? {} : { localAddress }),
  };
  if (!isProtected(options)) return connect(target);
  const fd = openTcpSocket(options.address);
  if (fd instanceof Error) return new Socket().destroy(fd);
  try {
    protectDialed(fd, options);
  } catch (error) {
    close(fd);
    return new Socket().destroy(error as Error);
  }
  return new Socket({ fd }).setNoDelay().connect(target);
}

/** A TCP socket of the family of `address`, or why there is none. */
export function openTcpSocket(address: string): number | Error {
  try {
    const family = socketFamily(addressBytes(address));
    return checked(newSocket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket');
  } catch (error) {
    return error as Error;
  }
}

/** Only a link-local address (fe80::/10) needs its interface to be reached. */
function scoped(address: string, interfaceName: string): string {
  return isLinkLocal(address) ? `${address}%${interfaceName}` : address;
}
