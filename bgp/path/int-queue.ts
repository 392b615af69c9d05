/** Shared by all that have never held anything: thousands of members of update groups have two each. */
const EMPTY = new Int32Array(0);

/** A first-in, first-out queue of 32-bit integers over one growing ring: no allocation in the steady state. */
export class IntQueue {
  #ring: Int32Array = EMPTY;
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = value;
    this.#length++;
  }

  /** The oldest value; the queue must not be empty. */
  shift(): number {
    const value = this.#ring[this.#head]!;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    if (this.#length === 0 && this.#ring.length > 1 << 16) {
      this.#ring = EMPTY; // a burst is over: give its memory back
      this.#head = 0;
    }
    return value;
  }

  #grow(): void {
    const ring = new Int32Array(Math.max(64, this.#ring.length * 2));
    const tail = this.#ring.subarray(this.#head);
    ring.set(tail);
    ring.set(this.#ring.subarray(0, this.#head), tail.length);
    this.#ring = ring;
    this.#head = 0;
  }
}
