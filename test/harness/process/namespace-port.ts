/** Makes a TCP port of this network namespace reachable from inside another one, on the same number of 127.0.0.1. */
import { connect, createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ChildDaemon } from './child-daemon.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { TempFolder } from './temp-folder.ts';

const FORWARDER = fileURLToPath(new URL('./socket-forwarder.ts', import.meta.url));

export class NamespacePort {
  readonly #server: Server;
  readonly #forwarder: ChildDaemon;
  readonly #folder: TempFolder;

  private constructor(server: Server, forwarder: ChildDaemon, folder: TempFolder) {
    this.#server = server;
    this.#forwarder = forwarder;
    this.#folder = folder;
  }

  static async open(namespace: NetworkNamespace, port: number): Promise<NamespacePort> {
    const folder = new TempFolder('port');
    const path = folder.file('port.sock'); // unix sockets do not mind network namespaces
    const server = createServer((inner) => {
      const outer = connect(port, '127.0.0.1');
      inner.pipe(outer).pipe(inner);
      inner.on('error', () => outer.destroy());
      outer.on('error', () => inner.destroy());
      inner.on('close', () => outer.destroy());
      outer.on('close', () => inner.destroy());
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const forwarder = await ChildDaemon.start(
      'socket-forwarder',
      process.execPath,
      [FORWARDER, String(port), path],
      { namespace },
    );
    await forwarder.until((output) => output.includes('listening') || null, 'listens');
    return new NamespacePort(server, forwarder, folder);
  }

  async close(): Promise<void> {
    await this.#forwarder.stop();
    this.#server.close();
    this.#folder.remove();
  }
}
