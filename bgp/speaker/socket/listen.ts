/** Opens a listening socket. */
import { createServer, type Server, type Socket } from 'node:net';
import { withBindPrivilege } from './bind-privilege.ts';
import { openTcpSocket } from './dial.ts';
import { bind, checked, close } from './libc.ts';
import { addressBytes, socketAddress } from './socket-address.ts';
import { MAX_TTL, setIpv6Only, setReuseAddress, setTtl } from './socket-options.ts';

/** Holds a thousand clients that connect at once; the kernel cuts it to net.core.somaxconn. */
const BACKLOG = 4096;

export interface ListenOptions {
  readonly address: string;
  readonly port: number;
  /** Called with the file descriptor before the socket listens; what it throws is the failure to listen. */
  readonly prepare: (fd: number) => void;
  /** Sockets arrive paused: nothing is read before whoever gets them has attached itself. */
  readonly onConnection: (socket: Socket) => void;
  readonly onListening: () => void;
  /** Listening failed; the server is closed. */
  readonly onError: (error: Error) => void;
  /** One connection could not be accepted (no file descriptor is left, say); the server goes on listening. */
  readonly onAcceptError: (error: Error) => void;
}

/** Sends with the greatest TTL, as neighbors with TTL security demand of every segment (RFC 5082 §3). */
export function listen(options: ListenOptions): Server {
  const server = createServer({ pauseOnConnect: true, noDelay: true });
  server.on('connection', options.onConnection);
  server.on('listening', options.onListening);
  server.on('error', (error) => {
    if (server.listening) {
      options.onAcceptError(error);
      return;
    }
    server.close();
    options.onError(error);
  });
  const fd = openTcpSocket(options.address);
  const failure = fd instanceof Error ? fd : bound(fd, options);
  if (failure === null) server.listen({ fd: fd as number }, BACKLOG);
  else process.nextTick(() => server.emit('error', failure));
  return server;
}

/** @returns null once the socket is bound; else the error, and the socket is closed */
function bound(fd: number, { address, port, prepare }: ListenOptions): Error | null {
  try {
    const bytes = addressBytes(address);
    const isIpv6 = bytes.length === 16;
    setReuseAddress(fd);
    if (isIpv6) setIpv6Only(fd);
    setTtl(fd, isIpv6, MAX_TTL);
    prepare(fd);
    const target = socketAddress(bytes, port);
    withBindPrivilege(() => checked(bind(fd, target, target.length), 'bind'));
    return null;
  } catch (error) {
    close(fd);
    return error as Error;
  }
}
