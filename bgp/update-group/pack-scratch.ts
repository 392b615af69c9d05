/**
 * Memory that packing needs only while it runs: one for all update groups of a speaker, which pack one after the
 * other and finish before the next begins. A thousand groups would need 400 MB otherwise.
 */
import { ExportedAttributes } from './export-attributes.ts';

/** Most entries packed together: bounds one slice of work to a few milliseconds. */
export const MAX_BATCH = 8192;

/** A chunk is cut when a further message might not fit. 64 KiB to all sockets was the fastest size measured. */
const CHUNK_BYTES = 1 << 16;

/** Largest message of all sessions (RFC 8654). */
const LARGEST_MESSAGE_BYTES = 65_535;

export class PackScratch {
  /** Announcements: columns by entry; `next` links the entries of one attribute set, plus 1. */
  readonly net = new Int32Array(MAX_BATCH);
  readonly slot = new Int32Array(MAX_BATCH);
  readonly pathId = new Int32Array(MAX_BATCH);
  readonly next = new Int32Array(MAX_BATCH);
  /** Attribute sets that have entries. */
  readonly sets = new Int32Array(MAX_BATCH);
  /** Withdrawals. */
  readonly goneNet = new Int32Array(MAX_BATCH);
  readonly goneSlot = new Int32Array(MAX_BATCH);
  readonly gonePathId = new Int32Array(MAX_BATCH);
  readonly exported = new ExportedAttributes();
  /** Where messages are written until a chunk is cut. */
  readonly chunk = new Uint8Array(CHUNK_BYTES + LARGEST_MESSAGE_BYTES);
}
