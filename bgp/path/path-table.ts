/**
 * The paths of one family: prefix, source session, attributes as received and after import policy. Twenty octets
 * each; what few paths have (a path identifier, attributes that import policy changed) lies in columns beside.
 */
import { RecordTable } from './record-table.ts';
import { SparseColumn } from './sparse-column.ts';

/** Fields of a path record. */
export const PathField = {
  Net: 0,
  /** Next path of the same net, plus 1; 0 ends the list. */
  Next: 1,
  /** Slot of the session that it came from, and flags: through `slot`, `isModified` and their like. */
  Source: 2,
  /** Attribute set after import policy, plus 1; 0: rejected, so that it takes no part in the decision. */
  Set: 3,
  /** Seconds since the RIB's start when it last changed. */
  ChangedAt: 4,
} as const;

const FIELDS = 5;

const SLOT_MASK = (1 << 24) - 1;
/** Changed since the last decision on its net. */
const MODIFIED = 1 << 24;
/** Import policy changed or rejected the attributes: those received are in a column of their own. */
const OTHER_RECEIVED = 1 << 25;
const HAS_PATH_ID = 1 << 26;
/** Source of a record that is free. */
const FREED = -1;

export type PathIndex = number;

export class PathTable extends RecordTable {
  readonly #receivedSets = new SparseColumn(0);
  readonly #pathIds = new SparseColumn(0);

  constructor() {
    super(FIELDS);
  }

  /** Makes a record of a path without attributes. @param next link of the path behind it in its net's list */
  add(net: number, slot: number, pathId: number, next: number): PathIndex {
    const path = this.alloc();
    const chunk = this.chunk(path);
    const base = this.base(path);
    chunk[base + PathField.Net] = net;
    chunk[base + PathField.Next] = next;
    if (pathId === 0) {
      chunk[base + PathField.Source] = slot;
    } else {
      chunk[base + PathField.Source] = slot | HAS_PATH_ID;
      this.#pathIds.set(path, 0, pathId);
    }
    return path;
  }

  drop(path: PathIndex): void {
    this.set(path, PathField.Source, FREED);
    this.free(path);
  }

  /** True when the record (below `highWater`) holds a path. */
  isLive(path: PathIndex): boolean {
    return this.get(path, PathField.Source) !== FREED;
  }

  /** Slot of the session that the path came from; 0 is this speaker. */
  slot(path: PathIndex): number {
    return this.get(path, PathField.Source) & SLOT_MASK;
  }

  /** Path identifier as received (RFC 7911); 0 without ADD-PATH. */
  pathId(path: PathIndex): number {
    return (this.get(path, PathField.Source) & HAS_PATH_ID) === 0 ? 0 : this.#pathIds.get(path, 0);
  }

  /** The path is that of the session and the path identifier. */
  isFrom(path: PathIndex, slot: number, pathId: number): boolean {
    const source = this.get(path, PathField.Source);
    if ((source & SLOT_MASK) !== slot) return false;
    return (source & HAS_PATH_ID) === 0 ? pathId === 0 : this.#pathIds.get(path, 0) === pathId;
  }

  /** Attribute set as received, or -1 before the first. */
  receivedSet(path: PathIndex): number {
    const isOther = (this.get(path, PathField.Source) & OTHER_RECEIVED) !== 0;
    return isOther ? this.#receivedSets.get(path, 0) : this.get(path, PathField.Set) - 1;
  }

  /** @param set after import policy, or -1 for rejected; counting references is the caller's. */
  setAttributes(path: PathIndex, receivedSet: number, set: number): void {
    const chunk = this.chunk(path);
    const base = this.base(path);
    chunk[base + PathField.Set] = set + 1;
    if (receivedSet === set) {
      chunk[base + PathField.Source] = chunk[base + PathField.Source]! & ~OTHER_RECEIVED;
    } else {
      chunk[base + PathField.Source] = chunk[base + PathField.Source]! | OTHER_RECEIVED;
      this.#receivedSets.set(path, 0, receivedSet);
    }
  }

  isModified(path: PathIndex): boolean {
    return (this.get(path, PathField.Source) & MODIFIED) !== 0;
  }

  setModified(path: PathIndex, isModified: boolean): void {
    const source = this.get(path, PathField.Source);
    this.set(path, PathField.Source, isModified ? source | MODIFIED : source & ~MODIFIED);
  }
}
