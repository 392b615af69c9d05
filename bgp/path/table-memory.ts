/**
 * Memory of the tables. Shared array buffers, although no other thread sees them: V8 counts ordinary ones as its
 * heap's growth, and a table of a million routes then starts a dozen full collections while it fills, each of
 * which marks the whole heap. What is allocated here lives as long as its table.
 */

/** `length` words, all 0. */
export function tableWords(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
}

/** `length` octets, all 0. */
export function tableBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}
