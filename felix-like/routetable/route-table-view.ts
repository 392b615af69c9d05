/** What a route table says of itself, for status and for those who wait: nothing here changes it. */
import { NO_ID } from '../prefix/prefix-table.ts';
import type { RetrySchedule } from './retry-schedule.ts';
import type { KernelRoute } from './route-key.ts';
import { type RouteSlots, SlotFlag } from './route-slots.ts';

export interface RouteDifference {
  readonly kind: 'missing' | 'different' | 'unexpected' | 'foreign';
  readonly desired: KernelRoute | null;
  readonly actual: KernelRoute | null;
  readonly error: string | null;
}

/** `present`: in the kernel as desired; `pending`: will be; `refused`: the kernel or a conflict is in the way. */
export type RouteState = 'none' | 'present' | 'pending' | 'refused';

/** Of what the table keeps, all that is looked at. */
export interface RouteTableState {
  readonly slots: RouteSlots;
  readonly retries: Pick<RetrySchedule<number>, 'error'>;
  /** Desired, and held by someone from whom we may not take it. */
  readonly conflicts: ReadonlySet<number>;
}

export class RouteTableView {
  readonly #slots: RouteSlots;
  readonly #retries: RouteTableState['retries'];
  readonly #conflicts: ReadonlySet<number>;

  constructor({ slots, retries, conflicts }: RouteTableState) {
    this.#slots = slots;
    this.#retries = retries;
    this.#conflicts = conflicts;
  }

  *differences(): Generator<RouteDifference> {
    if (this.#slots.pendingCount === 0) return;
    for (const flag of [SlotFlag.UpdatePending, SlotFlag.DeletionPending]) {
      for (let slot = 0; slot < this.#slots.highWater; slot++) {
        if (this.#slots.has(slot, flag)) yield this.difference(slot);
      }
    }
  }

  /** All routes that are desired, and those of ours that are there without being desired. */
  *routes(): Generator<Pick<RouteDifference, 'desired' | 'actual' | 'error'>> {
    for (let slot = 0; slot < this.#slots.highWater; slot++) {
      const desired = this.#slots.desiredRoute(slot);
      const actual = this.#slots.actualRoute(slot);
      if (desired !== null || actual !== null) yield { desired, actual, error: this.#errorOf(slot) };
    }
  }

  state(prefix: string, metric: number): RouteState {
    const slot = this.#slots.findText(prefix, metric);
    if (slot === NO_ID || this.#slots.desired(slot) === null) return 'none';
    if (!this.#slots.hasPending(slot)) return 'present';
    return this.#errorOf(slot) === null ? 'pending' : 'refused';
  }

  /** The route that is in the kernel as it is desired, or null. */
  inPlace(prefix: string, metric: number): KernelRoute | null {
    const slot = this.#slots.findText(prefix, metric);
    if (slot === NO_ID || this.#slots.desired(slot) === null || this.#slots.hasPending(slot)) return null;
    return this.#slots.actualRoute(slot);
  }

  difference(slot: number): RouteDifference {
    return {
      kind: this.#differenceKind(slot),
      desired: this.#slots.desiredRoute(slot),
      actual: this.#slots.actualRoute(slot),
      error: this.#errorOf(slot),
    };
  }

  #differenceKind(slot: number): RouteDifference['kind'] {
    if (this.#slots.desired(slot) === null) return 'unexpected';
    if (this.#conflicts.has(slot)) return 'foreign';
    return this.#slots.actual(slot) === null ? 'missing' : 'different';
  }

  #errorOf(slot: number): string | null {
    if (!this.#conflicts.has(slot)) return this.#retries.error(slot);
    return `held by a route of protocol ${this.#slots.actual(slot)?.protocol}, which is not overwritten`;
  }
}
