/** Routes on their way to the kernel, as the slots that they belong to; and the outcome. */
import type { RouteOperation, RouteWrites } from '../kernel/kernel-port.ts';
import type { PrefixKey } from '../prefix/prefix-key.ts';
import type { KernelRoute, RouteTarget } from './route-key.ts';
import { type RouteSlots, SlotFlag } from './route-slots.ts';

type Op = RouteOperation['op'];

const OPS: readonly Op[] = ['add', 'replace', 'delete'];
const NUMBERS: Readonly<Record<Op, number>> = { add: 0, replace: 1, delete: 2 };

/** Operations for the kernel; to be handed back with their outcome. Valid until then. */
export class RouteBatch implements RouteWrites {
  readonly #table: RouteSlots;
  readonly #slots: Int32Array;
  readonly #ops: Uint8Array;
  /** Targets of the operations; neighbours mostly have the same. */
  readonly #ways: Int32Array;
  readonly #targets: RouteTarget[] = [];
  #length = 0;
  #operations: readonly RouteOperation[] | null = null;

  /** @param limit operations that it has room for */
  constructor(table: RouteSlots, limit: number) {
    this.#table = table;
    this.#slots = new Int32Array(limit);
    this.#ops = new Uint8Array(limit);
    this.#ways = new Int32Array(limit);
  }

  get length(): number {
    return this.#length;
  }

  get table(): number {
    return this.#table.table;
  }

  /** The same as objects; for those who have time. */
  get operations(): readonly RouteOperation[] {
    this.#operations ??= Array.from({ length: this.#length }, (_, i) => {
      return { op: this.op(i), route: this.#table.route(this.slot(i), this.target(i)) };
    });
    return this.#operations;
  }

  add(slot: number, op: Op, target: RouteTarget): void {
    this.#table.set(slot, SlotFlag.InFlight);
    const i = this.#length++;
    this.#slots[i] = slot;
    this.#ops[i] = NUMBERS[op];
    const last = this.#targets.length - 1;
    this.#ways[i] = this.#targets[last] === target ? last : this.#targets.push(target) - 1;
  }

  slot(i: number): number {
    return this.#slots[i]!;
  }

  op(i: number): Op {
    return OPS[this.#ops[i]!]!;
  }

  target(i: number): RouteTarget {
    return this.#targets[this.#ways[i]!]!;
  }

  /** What the kernel has in place of it, as far as is known. */
  actual(i: number): RouteTarget | null {
    return this.#table.actual(this.slot(i));
  }

  metric(i: number): number {
    return this.#table.metric(this.slot(i));
  }

  readPrefix(i: number, key: PrefixKey): PrefixKey {
    return this.#table.readKey(this.slot(i), key);
  }
}

/** The outcome of a batch, by kind of operation. */
export interface BatchOutcome {
  readonly done: Readonly<Record<RouteOperation['op'], number>>;
  readonly refused: Readonly<Record<RouteOperation['op'], number>>;
  readonly failures: readonly { readonly route: KernelRoute; readonly text: string }[];
}
