/**
 * What the demo has made, and how each thing is taken away again: in order and politely at the end, or at once
 * when this process ends without having come to that.
 */
import { reasonOf } from '../cli/command-error.ts';

/** In the order of removal: a namespace lives on while a process is inside. */
const KINDS = ['process', 'namespace', 'folder'] as const;
export type LeftoverKind = (typeof KINDS)[number];

export interface Leftover {
  readonly kind: LeftoverKind;
  readonly name: string;
  readonly remove: () => Promise<void>;
  /** The same, synchronous and without asking. */
  readonly removeNow: () => void;
}

export class Cleanup {
  readonly #leftovers = new Set<Leftover>();

  constructor() {
    process.once('exit', () => this.#runNow());
  }

  add(leftover: Leftover): void {
    this.#leftovers.add(leftover);
  }

  /** Removes one of them before the end. */
  async remove(leftover: Leftover): Promise<void> {
    await leftover.remove();
    this.#leftovers.delete(leftover);
  }

  /** Removes everything, those of one kind at once. @returns what could not be removed, and why */
  async run(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const kind of KINDS) {
      const batch = [...this.#leftovers].filter((leftover) => leftover.kind === kind);
      const results = await Promise.allSettled(batch.map((leftover) => this.remove(leftover)));
      results.forEach((result, i) => {
        if (result.status === 'rejected')
          problems.push(`${kind} ${batch[i]!.name}: ${reasonOf(result.reason)}`);
      });
    }
    return problems;
  }

  #runNow(): void {
    for (const kind of KINDS) {
      for (const leftover of this.#leftovers) if (leftover.kind === kind) leftover.removeNow();
    }
  }
}
