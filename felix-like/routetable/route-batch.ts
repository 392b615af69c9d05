/** Routes on their way to the kernel, as the slots that they belong to; and the outcome. */
import type { RouteOperation, RouteWrites } from '../kernel/kernel-port.ts';
import type { PrefixKey } from '../prefix/prefix-key.ts';
import type { KernelRoute, RouteTarget } from './route-key.ts';
import { type RouteSlots, SlotFlag } from './route-slots.ts';

/** Operations for the kernel; to be handed back with their outcome. Valid until then. */
export class RouteBatch implements RouteWrites {
  readonly slots: number[] = [];
  readonly #table: RouteSlots;
  readonly #ops: RouteOperation['op'][] = [];
  readonly #targets: RouteTarget[] = [];
  #operations: readonly RouteOperation[] | null = null;

  constructor(table: RouteSlots) {
    this.#table = table;
  }

  get length(): number {
    return this.slots.length;
  }

  get table(): number {
    return this.#table.table;
  }

  /** The same as objects; for those who have time. */
  get operations(): readonly RouteOperation[] {
    this.#operations ??= this.slots.map((slot, i) => {
      return { op: this.#ops[i]!, route: this.#table.route(slot, this.#targets[i]!) };
    });
    return this.#operations;
  }

  add(slot: number, op: RouteOperation['op'], target: RouteTarget): void {
    this.#table.set(slot, SlotFlag.InFlight);
    this.slots.push(slot);
    this.#ops.push(op);
    this.#targets.push(target);
  }

  op(i: number): RouteOperation['op'] {
    return this.#ops[i]!;
  }

  target(i: number): RouteTarget {
    return this.#targets[i]!;
  }

  /** What the kernel has in place of it, as far as is known. */
  actual(i: number): RouteTarget | null {
    return this.#table.actual(this.slots[i]!);
  }

  metric(i: number): number {
    return this.#table.metric(this.slots[i]!);
  }

  readPrefix(i: number, key: PrefixKey): PrefixKey {
    return this.#table.readKey(this.slots[i]!, key);
  }
}

/** The outcome of a batch, by kind of operation. */
export interface BatchOutcome {
  readonly done: Readonly<Record<RouteOperation['op'], number>>;
  readonly refused: Readonly<Record<RouteOperation['op'], number>>;
  readonly failures: readonly { readonly route: KernelRoute; readonly text: string }[];
}
