/**
 * The routes that one receiver holds, or should hold: a key for each prefix of the space, their number, and a checksum
 * that is kept up to date with one multiplication a change: the sum of (2 × index + 1) × key modulo 2^32.
 */
export class Ledger {
  /** Key by prefix number; 0: no route. */
  readonly held: Int32Array;
  count = 0;
  sum = 0;

  constructor(prefixes: number) {
    this.held = new Int32Array(prefixes);
  }

  set(index: number, key: number): void {
    const old = this.held[index]!;
    this.held[index] = key;
    this.sum = (this.sum + Math.imul(2 * index + 1, key - old)) | 0;
    if (old === 0) this.count += key === 0 ? 0 : 1;
    else if (key === 0) this.count -= 1;
  }

  /** Same number and checksum. */
  matches(other: Ledger): boolean {
    return this.count === other.count && this.sum === other.sum;
  }

  /** Same route for every prefix. */
  equals(other: Ledger): boolean {
    return Buffer.compare(bytesOf(this.held), bytesOf(other.held)) === 0;
  }

  copy(): Ledger {
    const copy = new Ledger(this.held.length);
    copy.held.set(this.held);
    copy.count = this.count;
    copy.sum = this.sum;
    return copy;
  }
}

const bytesOf = (array: Int32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
