/** One session of an update group, and how far it is behind the others. */
import { IdBitset } from '../path/id-bitset.ts';
import { IntQueue } from '../path/int-queue.ts';
import type { SessionOutput, SessionSlot } from '../rib/rib-port.ts';
import type { OutputChunk } from './output-chunk.ts';

/** Nothing of the Adj-RIB-Out is left to replay. */
export const NO_REPLAY = -1;

export class Member {
  readonly slot: SessionSlot;
  readonly output: SessionOutput;
  /** Gets every flush of the group. A member that reads too slowly does not: it collects `dirty` instead. */
  isLive = true;
  /** Where in the Adj-RIB-Out its replay (of a joining or refreshed session) goes on, or `NO_REPLAY`. */
  replayFrom = NO_REPLAY;
  /** Send End-of-RIB behind the replay. */
  wantsEndOfRib = false;
  /** Send the end marker of a refresh behind the replay (RFC 7313 §4). */
  wantsEndOfRefresh = false;
  /** A refresh was asked for before End-of-RIB, and must not begin before it (RFC 7313 §4). */
  wantsRefresh = false;
  /** Refreshes stand between markers. */
  readonly hasRefreshMarkers: boolean;
  /** Waits for its socket to drain. */
  isBlocked = false;
  /** Nets changed since it fell behind: each once, however often they change. Retained in the net table. */
  readonly dirty = new IntQueue();
  readonly isDirty = new IdBitset();
  /** With ADD-PATH: pairs of net and path identifier that went while it was behind. */
  readonly gone = new IntQueue();

  constructor(slot: SessionSlot, output: SessionOutput, hasRefreshMarkers: boolean) {
    this.slot = slot;
    this.output = output;
    this.hasRefreshMarkers = hasRefreshMarkers;
  }

  /** Something has to follow the replay. */
  get wantsEnd(): boolean {
    return this.wantsEndOfRib || this.wantsEndOfRefresh;
  }

  /** Hands over chunks, without what came from the member itself. @returns false when nothing was left. */
  write(chunks: readonly OutputChunk[]): boolean {
    if (chunks.length === 0) return false;
    const whole = chunks.length === 1 ? chunks[0]!.wholeFor(this.slot) : null;
    if (whole !== null) {
      this.output.write(whole);
      return true;
    }
    const buffers: Uint8Array[] = [];
    for (const chunk of chunks) chunk.collectFor(this.slot, buffers);
    if (buffers.length === 1) this.output.write(buffers[0]!);
    else if (buffers.length > 1) this.output.writev(buffers);
    return buffers.length > 0;
  }
}
