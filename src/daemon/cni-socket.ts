/** The socket that the CNI plugin calls. */
import { createServer } from 'node:net';
import type { CniHost } from '@manul/felix-like';
import { listenUnix } from '../control/unix-listener.ts';

/**
 * Lets CNI take up where the process before left off, then listens at `path`.
 * @returns the function that ends both
 * @throws CommandError when the socket cannot be made
 */
export async function serveCni(cni: CniHost, path: string): Promise<() => Promise<void>> {
  const server = createServer((socket) => cni.serve(socket));
  const close = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    await cni.close();
    await ended;
  };
  try {
    await cni.start();
    await listenUnix(server, path, 'CNI socket');
  } catch (error) {
    await cni.close();
    throw error;
  }
  // Too many open files, say: the connection is lost, the server goes on.
  server.on('error', () => {});
  return close;
}
