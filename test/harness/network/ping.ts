/** Pings: one that must be answered, and a series whose losses are counted. */
import { pollUntil } from '../deadline.ts';
import { ChildDaemon } from '../process/child-daemon.ts';
import type { NamespaceReference } from '../process/network-namespace.ts';
import { insideLater } from './node-lab.ts';

/** Resolves when an answer came; the first packets may be lost while neighbours are being asked for. */
export async function answers(from: NamespaceReference, address: string): Promise<void> {
  await pollUntil(
    async () => (await insideLater(from, 'ping', '-c', '1', '-W', '1', address)).status === 0 || null,
    `${address} answers ${from.name}`,
    { deadlineMs: 60_000 },
  );
}

export async function isSilent(from: NamespaceReference, address: string): Promise<boolean> {
  return (await insideLater(from, 'ping', '-c', '2', '-i', '0.2', '-W', '1', address)).status !== 0;
}

/** How often to look whether all have been answered. */
const LOOKS = 20;

/** Pings at an even pace. */
export class PingSeries {
  readonly #child: ChildDaemon;

  private constructor(child: ChildDaemon) {
    this.#child = child;
  }

  /** @param intervalMs between two pings */
  static async start(from: NamespaceReference, address: string, intervalMs = 5): Promise<PingSeries> {
    // Ends with SIGINT, which makes ping print what it counted.
    const options = { namespace: from, stopSignal: 'SIGINT' } as const;
    const words = ['-i', String(intervalMs / 1000), '-q', address];
    const child = await ChildDaemon.start('ping', 'ping', words, options);
    return new PingSeries(child);
  }

  /** @returns packets sent, and those without an answer; not one that is still under way at the end */
  async stop(): Promise<{ readonly sent: number; readonly lost: number }> {
    let lost = Number.POSITIVE_INFINITY;
    for (let look = 0; look < LOOKS && lost > 0; look++) lost = Math.min(lost, await this.#missing());
    await this.#child.stop();
    const counts = /(\d+) packets transmitted, (\d+) received/.exec(this.#child.output);
    if (counts === null) throw new Error(`ping said: ${this.#child.output}`);
    return { sent: Number(counts[1]), lost: Math.min(lost, Number(counts[1]) - Number(counts[2])) };
  }

  /** Packets without an answer so far: with SIGQUIT ping says `RECEIVED/SENT packets`. */
  async #missing(): Promise<number> {
    const before = this.#child.output.length;
    this.#child.signal('SIGQUIT');
    return await this.#child.until((output) => {
      const counts = /(\d+)\/(\d+) packets/.exec(output.slice(before));
      return counts === null ? null : Number(counts[2]) - Number(counts[1]);
    }, 'says how many were answered');
  }
}
