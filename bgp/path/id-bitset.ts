const EMPTY = new Int32Array(0);

/** A set of dense ids, one bit each, growing on demand. */
export class IdBitset {
  #words: Int32Array = EMPTY;

  has(id: number): boolean {
    const word = this.#words[id >>> 5];
    return word !== undefined && (word & (1 << (id & 31))) !== 0;
  }

  add(id: number): void {
    const index = id >>> 5;
    if (index >= this.#words.length) {
      const words = new Int32Array(Math.max(index + 1, this.#words.length * 2, 32));
      words.set(this.#words);
      this.#words = words;
    }
    this.#words[index] = this.#words[index]! | (1 << (id & 31));
  }

  delete(id: number): void {
    const index = id >>> 5;
    if (index < this.#words.length) this.#words[index] = this.#words[index]! & ~(1 << (id & 31));
  }
}
