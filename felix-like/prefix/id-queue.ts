/** Ids of a table, first in, first out, without an object for each. */
import { grown, sharedWords } from './prefix-table.ts';

const FIRST_CAPACITY = 1024;

export class IdQueue {
  #ids = sharedWords(FIRST_CAPACITY);
  #first = 0;
  #end = 0;

  get isEmpty(): boolean {
    return this.#first === this.#end;
  }

  push(id: number): void {
    if (this.#end === this.#ids.length) this.#makeRoom();
    this.#ids[this.#end++] = id;
  }

  /** The oldest id, or -1. */
  shift(): number {
    if (this.#first === this.#end) return -1;
    const id = this.#ids[this.#first++]!;
    if (this.#first === this.#end) {
      this.#first = 0;
      this.#end = 0;
    }
    return id;
  }

  #makeRoom(): void {
    if (this.#first < this.#end / 2) {
      this.#ids = grown(this.#ids);
      return;
    }
    this.#ids.copyWithin(0, this.#first, this.#end);
    this.#end -= this.#first;
    this.#first = 0;
  }
}
