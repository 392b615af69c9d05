/** The HTTP server on TCP and the one on the control socket. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CommandError, reasonOf } from '../cli/command-error.ts';
import { listenUnix } from '../control/unix-listener.ts';
import { formatTcpAddress, type TcpAddress } from '../daemon/http-address.ts';
import { createServer } from './node-http.ts';
import type { RequestListener } from './router.ts';

export interface RunningServer {
  /** `ADDRESS:PORT`, or the path of the socket. */
  readonly address: string;
  close(): Promise<void>;
}

/** Connections at once; scrapers and people need few, and each one costs memory. */
const MAX_CONNECTIONS = 512;

/** @param flag that names the address, for messages. @throws CommandError when it cannot be listened on */
export async function serveTcp(
  flag: string,
  address: TcpAddress,
  listener: RequestListener,
): Promise<RunningServer> {
  const server = newServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) => {
      reject(new CommandError(`--${flag} ${formatTcpAddress(address)}: ${listenFailure(error)}`));
    });
    server.listen({ host: address.host, port: address.port }, resolve);
  });
  const bound = server.address() as AddressInfo;
  return running(server, formatTcpAddress({ host: bound.address, port: bound.port }));
}

/** @throws CommandError when another daemon answers there, or the path cannot be used */
export async function serveUnix(path: string, listener: RequestListener): Promise<RunningServer> {
  const server = newServer(listener);
  await listenUnix(server, path, 'control socket');
  return running(server, path);
}

function newServer(listener: RequestListener): Server {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, listener);
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function running(server: Server, address: string): RunningServer {
  // Too many open files, say: the connection is lost, the server goes on.
  server.on('error', () => {});
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listenFailure(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'the port is in use by another process';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have the address';
    case 'EACCES':
      return 'no permission to listen on this port';
    default:
      return reasonOf(error);
  }
}
