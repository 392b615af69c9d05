/** What the role link says, queued until the apply loop has time for it, and handed on in order and in slices. */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { LearntColumns, LearntRouteChange } from '../agent-api.ts';

type Item =
  | { readonly kind: 'start' }
  | { readonly kind: 'changes'; readonly changes: readonly LearntRouteChange[] }
  | { readonly kind: 'columns'; readonly columns: LearntColumns }
  | { readonly kind: 'endOfRib'; readonly family: Family };

/** Who takes it. */
export interface LearntSink {
  startLearnt(): void;
  changeLearnt(change: LearntRouteChange): void;
  /** The changes [from, to). */
  changeLearntColumns(columns: LearntColumns, from: number, to: number): void;
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

  /** As `push`. */
  pushColumns(columns: LearntColumns): void {
    if (columns.count > 0) this.#items.push({ kind: 'columns', columns });
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
      if (item.kind === 'changes' || item.kind === 'columns') {
        const count = item.kind === 'changes' ? item.changes.length : item.columns.count;
        const end = Math.min(this.#position + rest, count);
        this.#handOn(item, this.#position, end, sink);
        rest -= end - this.#position;
        this.#position = end;
        if (end < count) break;
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

  #handOn(
    item: Extract<Item, { kind: 'changes' | 'columns' }>,
    from: number,
    to: number,
    sink: LearntSink,
  ): void {
    if (item.kind === 'columns') sink.changeLearntColumns(item.columns, from, to);
    else for (let i = from; i < to; i++) sink.changeLearnt(item.changes[i]!);
  }
}
