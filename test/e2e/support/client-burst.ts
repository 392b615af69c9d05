/**
 * Many dynamic clients of one reflector at once, in one burst from loopback addresses of their own: each announces
 * one block and must get the blocks of all others.
 */
import { Changes } from '../../harness/deadline.ts';
import { CheapClient } from './cheap-client.ts';
import { usageOf } from './process-usage.ts';
import { ASN, type Reflector, startReflector } from './reflector.ts';

export interface BurstReport {
  readonly clients: number;
  /** From the first connect to the last session Established at its client. */
  readonly establishedSeconds: number;
  /** From the first connect until every client has every other's block. */
  readonly completeSeconds: number;
  /** UPDATE messages that all clients received. */
  readonly updates: number;
  /** Of the daemon: CPU time of the burst, memory once all is done, and the most it had. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

const DEADLINE_MS = 120_000;

export class ClientBurst {
  readonly reflector: Reflector;
  readonly #count: number;
  readonly #changes = new Changes();
  clients: readonly CheapClient[] = [];

  private constructor(reflector: Reflector, count: number) {
    this.reflector = reflector;
    this.#count = count;
  }

  /** Starts the reflector. Clients come from `127.45.0.0/16`. */
  static async open(count: number): Promise<ClientBurst> {
    const reflector = await startReflector({ address: '127.45.255.1', listenRanges: ['127.45.0.0/16'] });
    return new ClientBurst(reflector, count);
  }

  get pid(): number {
    return this.reflector.daemon.pid;
  }

  /** Connects all clients at once. @throws Error when one of them fails, or gets what it should not */
  async connect(): Promise<BurstReport> {
    const { address, port } = this.reflector;
    const cpuBefore = usageOf(this.pid).cpuSeconds;
    const start = performance.now();
    const seconds = (): number => (performance.now() - start) / 1000;
    this.clients = Array.from(
      { length: this.#count },
      (_, index) =>
        new CheapClient({
          index,
          localAddress: `127.45.${Math.floor(index / 250)}.${(index % 250) + 1}`,
          target: { address, port },
          asn: ASN,
          onChange: () => this.#changes.notify(),
        }),
    );
    await this.#all((client) => client.isEstablished, 'all are Established');
    const establishedSeconds = seconds();
    await this.#all((client) => client.learnt === this.#count - 1, 'all have all blocks of the others');
    const completeSeconds = seconds();
    this.#assertNoneHasItsOwn();
    const { rssBytes, peakRssBytes, cpuSeconds } = usageOf(this.pid);
    return {
      clients: this.#count,
      establishedSeconds,
      completeSeconds,
      updates: this.clients.reduce((sum, client) => sum + client.updates, 0),
      cpuSeconds: cpuSeconds - cpuBefore,
      rssBytes,
      peakRssBytes,
    };
  }

  /** Ends the connections of the clients chosen, all at once and without a word. */
  async drop(chosen: (index: number) => boolean): Promise<void> {
    const going = this.clients.filter(({ options }) => chosen(options.index));
    for (const client of going) client.close();
    await this.#changes.until(() => going.every(({ isClosed }) => isClosed) || null, 'clients are gone');
    this.clients = this.clients.filter((client) => !going.includes(client));
  }

  /** Waits until every client that is left has exactly the blocks of the others that are left. */
  untilOnlyTheRestIsLearnt(): Promise<void> {
    const others = this.clients.length - 1;
    return this.#all((client) => client.learnt === others, `all have ${others} blocks`);
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.reflector.daemon.stop();
  }

  /** Looks only at the clients that were not there yet: each notification is cheap. */
  async #all(check: (client: CheapClient) => boolean, what: string): Promise<void> {
    const waiting = new Set(this.clients);
    await this.#changes.until(
      () => {
        for (const client of waiting) {
          if (client.failure !== null) throw new Error(client.failure);
          if (!check(client)) return null;
          waiting.delete(client);
        }
        return true;
      },
      what,
      DEADLINE_MS,
    );
  }

  #assertNoneHasItsOwn(): void {
    const wrong = this.clients.find((client) => client.has(client.options.index));
    if (wrong !== undefined) throw new Error(`${wrong.options.localAddress} got its own block back`);
  }
}

/** The report as lines for people. */
export function describeBurst(report: BurstReport): string {
  const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
  return [
    `clients:      ${report.clients}`,
    `established:  ${report.establishedSeconds.toFixed(2)} s after the first connect`,
    `all routes:   ${report.completeSeconds.toFixed(2)} s (${report.updates} UPDATEs received by the clients)`,
    `daemon's CPU: ${report.cpuSeconds.toFixed(2)} s`,
    `daemon's RSS: ${mebibytes(report.rssBytes)}, at most ${mebibytes(report.peakRssBytes)}`,
  ].join('\n');
}
