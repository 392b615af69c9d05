/** What the role link says, queued until the apply loop has time for it, and handed on in order and in slices. */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { LearntRouteChange } from '../agent-api.ts';

type Item =
  | { readonly kind: 'start' }
  | { readonly kind: 'changes'; readonly changes: readonly LearntRouteChange[] }
  | { readonly kind: 'endOfRib'; readonly family: Family };

/** Who takes it. */
export interface LearntSink {
  startLearnt(): void;
  changeLearnt(change: LearntRouteChange): void;
  completeLearnt(family: Family): void;
}

export class LearntFeed {
  #items: Item[] = [];
  /** Changes of the first item that are handed on already. */
  #position = 0;
  /** Families whose End-of-RIB is queued or handed on. */
  #ended = new Set<Family>();

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  start(): void {
    this.#ended = new Set();
    this.#items.push({ kind: 'start' });
  }

  /** `changes` is kept, not copied. */
  push(changes: readonly LearntRouteChange[]): void {
    if (changes.length > 0) this.#items.push({ kind: 'changes', changes });
  }

  endOfRib(family: Family): void {
    this.#ended.add(family);
    this.#items.push({ kind: 'endOfRib', family });
  }

  /** The time for End-of-RIB is over: families without one are taken as complete. */
  expire(): void {
    for (const family of FAMILIES) if (!this.#ended.has(family)) this.endOfRib(family);
  }

  /** Hands on up to `limit` changes. */
  drain(limit: number, sink: LearntSink): void {
    let rest = limit;
    let done = 0;
    for (const item of this.#items) {
      if (rest === 0) break;
      if (item.kind === 'changes') {
        const end = Math.min(this.#position + rest, item.changes.length);
        for (let i = this.#position; i < end; i++) sink.changeLearnt(item.changes[i]!);
        rest -= end - this.#position;
        this.#position = end;
        if (end < item.changes.length) break;
      } else if (item.kind === 'start') {
        sink.startLearnt();
      } else {
        sink.completeLearnt(item.family);
      }
      this.#position = 0;
      done++;
    }
    this.#items.splice(0, done);
  }
}
