/** What the parts of one update group share. */
import type { Family } from '../net/index.ts';
import type { AdjRibOut } from '../rib/adj-rib-out.ts';
import type { DrainState } from '../speaker/speaker-config.ts';
import type { ExportContext } from './export-context.ts';
import type { FamilyTables } from './export-evaluator.ts';
import type { MessagePacker } from './message-packer.ts';
import type { ChunkBuilder } from './output-chunk.ts';

/** The world around the groups. */
export interface GroupHost {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  readonly drain: () => DrainState;
  /** End-of-RIB must wait (RFC 4724 §4.1). */
  readonly holdsEndOfRib: (family: Family) => boolean;
  /** Asks for another turn of `work`. */
  requestWork(): void;
  /** Asks for a turn of `work` after a while. */
  requestWorkAfter(ms: number): void;
}

export interface GroupParts {
  readonly tables: FamilyTables;
  readonly context: ExportContext;
  readonly adjRibOut: AdjRibOut;
  readonly packer: MessagePacker;
  readonly builder: ChunkBuilder;
  readonly host: GroupHost;
}

/** Octets queued on a socket beyond which its member is slow. */
export const SLOW_BYTES = 1 << 20;
