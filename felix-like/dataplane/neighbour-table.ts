/**
 * Neighbour entries that must be there, reconciled: those of the ends of a VXLAN, and of workloads whose MAC is
 * known. On the links that it is told of, every permanent entry of a table counts as ours; nothing else is touched.
 */
import type {
  KernelNeighbour,
  KernelPort,
  ObjectOperation,
  OperationFailure,
} from '../kernel/kernel-port.ts';
import { DeltaTracker, type Slot } from '../routetable/delta-tracker.ts';
import { RetrySchedule } from '../routetable/retry-schedule.ts';
import type { Clock } from './clock.ts';
import type { ErrorLog } from './error-log.ts';
import type { ObjectCounts } from './tunnel-devices.ts';

/** One table of one link. */
export interface NeighbourScope {
  readonly table: KernelNeighbour['table'];
  readonly interfaceIndex: number;
  /** For messages. */
  readonly interfaceName: string;
}

type NeighbourSlot = Slot<string, KernelNeighbour>;

/** Operations in one request to the kernel. */
const BATCH_SIZE = 500;

export class NeighbourTable {
  readonly #clock: Clock;
  readonly #errors: ErrorLog;
  readonly #tracker = new DeltaTracker<string, KernelNeighbour>(isSame, newSlot);
  readonly #retries = new RetrySchedule<string>();
  #scopes = new Map<string, NeighbourScope>();
  /** Scopes of which the kernel's entries must be read. */
  readonly #stale = new Set<string>();

  constructor(clock: Clock, errors: ErrorLog) {
    this.#clock = clock;
    this.#errors = errors;
  }

  get desiredCount(): number {
    return this.#tracker.desiredCount;
  }

  get actualCount(): number {
    return this.#tracker.actualCount;
  }

  /** Entries that the kernel refuses. */
  get refusedCount(): number {
    return this.#retries.size;
  }

  get isInSync(): boolean {
    const { pendingUpdateCount, pendingDeletionCount } = this.#tracker;
    return pendingUpdateCount === 0 && pendingDeletionCount === 0 && this.#stale.size === 0;
  }

  /** What should be there, all of it, and where whatever else is there should not. */
  setDesired(scopes: readonly NeighbourScope[], neighbours: readonly KernelNeighbour[]): void {
    const byKey = new Map(scopes.map((scope) => [scopeKey(scope), scope]));
    for (const key of byKey.keys()) if (!this.#scopes.has(key)) this.#stale.add(key);
    this.#scopes = byKey;
    for (const key of this.#stale) if (!byKey.has(key)) this.#stale.delete(key);
    const desired = new Set<string>();
    for (const neighbour of neighbours) {
      const key = entryKey(neighbour);
      desired.add(key);
      this.#tracker.setDesired(this.#tracker.slot(key), neighbour);
    }
    for (const slot of this.#tracker.slots()) {
      if (!desired.has(slot.key)) this.#tracker.setDesired(slot, null);
      if (slot.actual !== null && !byKey.has(scopeKey(slot.actual))) this.#tracker.setActual(slot, null);
      if (slot.pending === 'nothing') this.#retries.clear(slot.key);
      this.#tracker.release(slot);
    }
  }

  /** The kernel's entries may be others than those known here: of one link, or of all. */
  markStale(interfaceIndex: number | null): void {
    for (const [key, scope] of this.#scopes) {
      if (interfaceIndex === null || scope.interfaceIndex === interfaceIndex) this.#stale.add(key);
    }
  }

  /** @returns true when that makes something to be done */
  onEvent(isDeleted: boolean, neighbour: KernelNeighbour): boolean {
    const slot = this.#tracker.find(entryKey(neighbour));
    if (isDeleted) {
      if (slot === null) return false;
      this.#tracker.setActual(slot, null);
    } else {
      if (!neighbour.isPermanent || !this.#scopes.has(scopeKey(neighbour))) return false;
      this.#tracker.setActual(slot ?? this.#tracker.slot(entryKey(neighbour)), neighbour);
    }
    return !this.isInSync;
  }

  /** When to try again what was refused, milliseconds of the clock, or null. */
  nextMs(): number | null {
    return this.#retries.nextMs();
  }

  /** @param mayRemove routes do not need what is unwanted any more */
  async apply(kernel: KernelPort, mayRemove: boolean): Promise<ObjectCounts> {
    for (const key of [...this.#stale]) {
      this.#stale.delete(key);
      const scope = this.#scopes.get(key)!;
      this.#observe(scope, await kernel.dumpNeighbours(scope.table, scope.interfaceIndex));
    }
    let written = 0;
    let failed = 0;
    const slots = this.#due(mayRemove);
    for (let start = 0; start < slots.length; start += BATCH_SIZE) {
      const batch = slots.slice(start, start + BATCH_SIZE);
      const operations = batch.map(operationOf);
      const failures = await kernel.applyObjects(operations);
      this.#onOutcome(batch, operations, failures);
      written += batch.length - failures.length;
      failed += failures.length;
    }
    return { written, failed };
  }

  #due(mayRemove: boolean): NeighbourSlot[] {
    const nowMs = this.#clock.now();
    const updates = [...this.#tracker.pendingUpdates()];
    const deletions = mayRemove ? [...this.#tracker.pendingDeletions()] : [];
    return [...updates, ...deletions].filter(({ key }) => !this.#retries.isWaiting(key, nowMs));
  }

  #observe(scope: NeighbourScope, entries: readonly KernelNeighbour[]): void {
    const seen = new Set<string>();
    for (const entry of entries) {
      if (!entry.isPermanent) continue;
      const key = entryKey(entry);
      seen.add(key);
      this.#tracker.setActual(this.#tracker.slot(key), entry);
    }
    for (const slot of this.#tracker.slots()) {
      if (slot.actual === null || seen.has(slot.key) || scopeKey(slot.actual) !== scopeKey(scope)) continue;
      this.#tracker.setActual(slot, null);
    }
  }

  #onOutcome(
    slots: readonly NeighbourSlot[],
    operations: readonly ObjectOperation[],
    failures: readonly OperationFailure[],
  ): void {
    const refused = new Map(failures.map((failure) => [failure.index, failure]));
    slots.forEach((slot, index) => {
      const failure = refused.get(index);
      const isDeletion = operations[index]!.op === 'delete';
      if (failure === undefined || (isDeletion && failure.code === 'ENOENT')) {
        this.#retries.clear(slot.key);
        this.#tracker.setActual(slot, isDeletion ? null : slot.desired);
        this.#tracker.release(slot);
        return;
      }
      this.#retries.onRefused(slot.key, failure.text, this.#clock.now());
      this.#errors.add({ object: this.#describe((slot.desired ?? slot.actual)!), text: failure.text });
    });
  }

  #describe(neighbour: KernelNeighbour): string {
    const { table, address, mac } = neighbour;
    const name =
      this.#scopes.get(scopeKey(neighbour))?.interfaceName ?? `interface ${neighbour.interfaceIndex}`;
    return table === 'fdb' ? `fdb ${mac} dst ${address} dev ${name}` : `neighbour ${address} dev ${name}`;
  }
}

function operationOf(slot: NeighbourSlot): ObjectOperation {
  const { desired, actual } = slot;
  if (desired !== null) return { kind: 'neighbour', op: 'put', neighbour: desired };
  return { kind: 'neighbour', op: 'delete', neighbour: actual! };
}

function scopeKey({ table, interfaceIndex }: Pick<KernelNeighbour, 'table' | 'interfaceIndex'>): string {
  return `${table} ${interfaceIndex}`;
}

/** The kernel's key: the address, or the MAC in a forwarding database. */
function entryKey(neighbour: KernelNeighbour): string {
  const { table, address, mac } = neighbour;
  return `${scopeKey(neighbour)} ${table === 'fdb' ? mac : address}`;
}

function isSame(a: KernelNeighbour, b: KernelNeighbour): boolean {
  return a.address === b.address && a.mac === b.mac;
}

function newSlot(key: string): NeighbourSlot {
  return { key, desired: null, actual: null, pending: 'nothing' };
}
