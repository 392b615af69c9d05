/** Makes a TCP port of 127.0.0.1 of this network namespace reachable from inside another one. */
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

  /** @param address of the other namespace, and its port; default: the same as here. */
  static async open(
    namespace: NetworkNamespace,
    port: number,
    inner: { readonly address: string; readonly port: number } = { address: '127.0.0.1', port },
  ): Promise<NamespacePort> {
    const folder = new TempFolder('port');
    const path = folder.file('port.sock'); // unix sockets do not mind network namespaces
    const server = createServer((taken) => {
      const outer = connect(port, '127.0.0.1');
      taken.pipe(outer).pipe(taken);
      taken.on('error', () => outer.destroy());
      outer.on('error', () => taken.destroy());
      taken.on('close', () => outer.destroy());
      outer.on('close', () => taken.destroy());
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const forwarder = await ChildDaemon.start(
      'socket-forwarder',
      process.execPath,
      [FORWARDER, inner.address, String(inner.port), path],
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
