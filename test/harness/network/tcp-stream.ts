/** A TCP connection between two pods on which something is always under way, and what it suffered. */
import { fileURLToPath } from 'node:url';
import { ChildDaemon } from '../process/child-daemon.ts';
import type { NetworkNamespace } from '../process/network-namespace.ts';
import { inside } from './node-lab.ts';

const PROGRAM = fileURLToPath(new URL('./stream-end.ts', import.meta.url));
const PORT = 7008;
/** What a busy machine delays is sent again, and the kernel does not find all of that out; real losses come by the dozen. */
export const TOLERATED_LOSSES = 3;

export interface StreamOutcome {
  /** Messages, at an even pace, and those that came back. */
  readonly sent: number;
  readonly received: number;
  /** The longest time without an answer. */
  readonly longestGapMs: number;
  /** Why it ended early or is not complete; null: it is. */
  readonly error: string | null;
  /** Segments of both ends that the other one did not get; those that were sent again without need do not count. */
  readonly lost: number;
}

export class TcpStream {
  readonly #ends: readonly NetworkNamespace[];
  readonly #server: ChildDaemon;
  readonly #client: ChildDaemon;
  readonly #lostBefore: number;

  private constructor(ends: readonly NetworkNamespace[], server: ChildDaemon, client: ChildDaemon) {
    this.#ends = ends;
    this.#server = server;
    this.#client = client;
    this.#lostBefore = this.#lost();
  }

  /** Resolves when it is connected. @param intervalMs between two messages */
  static async start(
    from: NetworkNamespace,
    to: NetworkNamespace,
    address: string,
    intervalMs = 5,
  ): Promise<TcpStream> {
    const server = await ChildDaemon.start('server', process.execPath, [PROGRAM, 'serve', String(PORT)], {
      namespace: to,
    });
    await server.until((output) => output.includes('serving') || null, 'serves');
    const words = [PROGRAM, 'talk', address, String(PORT), String(intervalMs)];
    const options = { namespace: from, stopSignal: 'SIGINT' } as const;
    const client = await ChildDaemon.start('client', process.execPath, words, options);
    await client.until((output) => output.includes('connected') || null, 'connects');
    return new TcpStream([from, to], server, client);
  }

  async stop(): Promise<StreamOutcome> {
    this.#client.signal('SIGINT');
    await this.#client.exited();
    const lost = this.#lost() - this.#lostBefore;
    await this.#server.stop();
    const line = this.#client.output.trim().split('\n').at(-1)!;
    return { ...(JSON.parse(line) as Omit<StreamOutcome, 'lost'>), lost };
  }

  /** What was sent again (RFC 4022, tcpRetransSegs), less what arrived twice (RFC 2883). */
  #lost(): number {
    return this.#ends.reduce((sum, end) => {
      const shown = inside(end, 'cat', '/proc/net/snmp', '/proc/net/netstat');
      return sum + counter(shown, 'Tcp', 'RetransSegs') - counter(shown, 'TcpExt', 'TCPDSACKRecv');
    }, 0);
  }
}

/** Ends the stream. @throws Error unless all came through, and next to nothing had to be sent twice */
export async function expectUnharmed(stream: TcpStream): Promise<void> {
  const outcome = await stream.stop();
  const { error, sent, received, lost } = outcome;
  if (error !== null || received !== sent || lost > TOLERATED_LOSSES)
    throw new Error(`the stream suffered: ${JSON.stringify(outcome)}`);
}

/** Pairs of lines: names, then values. */
function counter(text: string, group: string, name: string): number {
  const [names, values] = text
    .split('\n')
    .filter((line) => line.startsWith(`${group}: `))
    .map((line) => line.split(' '));
  return Number(values![names!.indexOf(name)]);
}
