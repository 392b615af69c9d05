/** Opens a listening socket. */
import { createServer, type Server, type Socket } from 'node:net';

/** Holds a thousand clients that connect at once; the kernel cuts it to net.core.somaxconn. */
const BACKLOG = 4096;

export interface ListenOptions {
  readonly address: string;
  readonly port: number;
  /** Sockets arrive paused: nothing is read before whoever gets them has attached itself. */
  readonly onConnection: (socket: Socket) => void;
  readonly onListening: () => void;
  /** Listening failed, or failed later; the server is closed. */
  readonly onError: (error: Error) => void;
}

export function listen(options: ListenOptions): Server {
  const server = createServer({ pauseOnConnect: true, noDelay: true });
  server.on('connection', options.onConnection);
  server.on('listening', options.onListening);
  server.on('error', (error) => {
    server.close();
    options.onError(error);
  });
  server.listen({
    host: options.address,
    port: options.port,
    backlog: BACKLOG,
    ipv6Only: options.address.includes(':'),
  });
  return server;
}
