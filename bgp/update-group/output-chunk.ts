/**
 * Encoded UPDATEs on their way to the members of an update group: one buffer for all of them, with a note of
 * which ranges came from which member, so that nobody is sent its own routes back.
 */

/** Octets of `bytes` that the session in `slot` must not get. */
interface Exclusion {
  readonly slot: number;
  readonly start: number;
  end: number;
}

export class OutputChunk {
  readonly bytes: Uint8Array;
  readonly #exclusions: Map<number, Exclusion[]> | null;

  constructor(bytes: Uint8Array, exclusions: Map<number, Exclusion[]> | null) {
    this.bytes = bytes;
    this.#exclusions = exclusions;
  }

  /** All of it, where the session in `slot` may have it all; else null. */
  wholeFor(slot: number): Uint8Array | null {
    return this.#exclusions?.has(slot) === true ? null : this.bytes;
  }

  /** Adds to `out` what the session in `slot` is to be sent. */
  collectFor(slot: number, out: Uint8Array[]): void {
    const own = this.#exclusions?.get(slot);
    if (own === undefined) {
      out.push(this.bytes);
      return;
    }
    let at = 0;
    for (const { start, end } of own) {
      if (start > at) out.push(this.bytes.subarray(at, start));
      at = end;
    }
    if (at < this.bytes.length) out.push(this.bytes.subarray(at));
  }
}

/** Fills chunks message by message. Scratch is reused: `cut` copies out what was written. */
export class ChunkBuilder {
  readonly bytes: Uint8Array;
  length = 0;
  readonly #maxMessageBytes: number;
  #exclusions: Map<number, Exclusion[]> | null = null;
  #chunks: OutputChunk[] = [];

  /** @param bytes scratch with room for several messages of `maxMessageBytes`. */
  constructor(bytes: Uint8Array, maxMessageBytes: number) {
    this.bytes = bytes;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Makes room for one more message, which begins at `length`. */
  reserve(): void {
    if (this.length + this.#maxMessageBytes > this.bytes.length) this.#cut();
  }

  /** A message of `octets` octets was written at `length`; `excludedSlot` 0: everybody gets it. */
  commit(octets: number, excludedSlot: number): void {
    const start = this.length;
    this.length += octets;
    if (excludedSlot === 0) return;
    this.#exclusions ??= new Map();
    const own = this.#exclusions.get(excludedSlot);
    const last = own?.at(-1);
    if (own === undefined)
      this.#exclusions.set(excludedSlot, [{ slot: excludedSlot, start, end: this.length }]);
    else if (last !== undefined && last.end === start) last.end = this.length;
    else own.push({ slot: excludedSlot, start, end: this.length });
  }

  /** Everything written since the last call. */
  take(): OutputChunk[] {
    this.#cut();
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  #cut(): void {
    if (this.length === 0) return;
    this.#chunks.push(new OutputChunk(this.bytes.slice(0, this.length), this.#exclusions));
    this.#exclusions = null;
    this.length = 0;
  }
}
