/** Routes on their way to the kernel: the slots that they belong to, and the outcome. */
import type { RouteOperation } from '../kernel/kernel-port.ts';
import type { Slot } from './delta-tracker.ts';
import type { KernelRoute, RouteKey } from './route-key.ts';

/** One key of the table, and what the table knows of it. */
export interface RouteSlot extends Slot<RouteKey, KernelRoute> {
  isInFlight: boolean;
  /** Found in the kernel, ours, and never desired by this process. */
  isLeftover: boolean;
  /** Number of the resync that found it last. */
  seenBy: number;
  /** In which queue it waits to be written, or null. */
  waitsFor: 'update' | 'deletion' | null;
}

export function newRouteSlot(key: RouteKey): RouteSlot {
  return {
    key,
    desired: null,
    actual: null,
    pending: 'nothing',
    isInFlight: false,
    isLeftover: false,
    seenBy: 0,
    waitsFor: null,
  };
}

/** Operations for the kernel; to be handed back with their outcome. */
export class RouteBatch {
  readonly operations: RouteOperation[] = [];
  readonly slots: RouteSlot[] = [];

  add(slot: RouteSlot, op: RouteOperation['op'], route: KernelRoute): void {
    slot.isInFlight = true;
    this.slots.push(slot);
    this.operations.push({ op, route });
  }
}

/** The outcome of a batch, by kind of operation. */
export interface BatchOutcome {
  readonly done: Readonly<Record<RouteOperation['op'], number>>;
  readonly refused: Readonly<Record<RouteOperation['op'], number>>;
  readonly failures: readonly { readonly route: KernelRoute; readonly text: string }[];
}
