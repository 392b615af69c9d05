/** The passive side of test peers: accepts connections and makes each a `TestPeer`. */
import { createServer, type Server } from 'node:net';
import { Changes } from '../deadline.ts';
import { TestPeer, type TestPeerOptions } from './test-peer.ts';

export class TestListener {
  /** Every peer accepted so far. */
  readonly peers: TestPeer[] = [];
  readonly #server: Server;
  readonly #changes = new Changes();

  private constructor(server: Server, options: TestPeerOptions) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.peers.push(new TestPeer(socket, options));
      this.#changes.notify();
    });
  }

  /** Listens on `address`; port 0 chooses a free one. */
  static async listen(address: string, port: number, options: TestPeerOptions): Promise<TestListener> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, resolve);
    });
    return new TestListener(server, options);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  /** The peer accepted `index`-th, counted from 0. */
  accepted(index = 0): Promise<TestPeer> {
    return this.#changes.until(() => this.peers[index], `connection ${index + 1} accepted`);
  }

  async close(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.close()));
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
