/** The paths among which the decision process chooses, as columns that the steps compact in place. */

/** What the steps ask of a session slot. */
export interface SlotFacts {
  sourceClass(slot: number): number;
  /** BGP Identifier, unsigned. */
  routerId(slot: number): number;
  /** Negative, zero or positive, as the peer addresses of the two slots compare. */
  comparePeerAddresses(a: number, b: number): number;
}

/** A scratch list that grows and is never given back. */
export class CandidateList {
  paths = new Int32Array(16);
  sets = new Int32Array(16);
  slots = new Int32Array(16);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  push(path: number, set: number, slot: number): void {
    if (this.length === this.paths.length) this.#grow();
    this.paths[this.length] = path;
    this.sets[this.length] = set;
    this.slots[this.length] = slot;
    this.length++;
  }

  /** Moves entry `from` to place `to`, while a step keeps some entries and drops others. */
  move(from: number, to: number): void {
    this.paths[to] = this.paths[from]!;
    this.sets[to] = this.sets[from]!;
    this.slots[to] = this.slots[from]!;
  }

  #grow(): void {
    const size = this.paths.length * 2;
    this.paths = widen(this.paths, size);
    this.sets = widen(this.sets, size);
    this.slots = widen(this.slots, size);
  }
}

function widen(column: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(size);
  wide.set(column);
  return wide;
}
