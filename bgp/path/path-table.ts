/** The paths of one family: prefix, source session, attributes as received and after import policy. */
import { RecordTable } from './record-table.ts';

/** Fields of a path record. */
export const PathField = {
  Net: 0,
  /** Next path of the same net, plus 1; 0 ends the list. */
  Next: 1,
  /** Slot of the session that it came from; 0 is this speaker. */
  Slot: 2,
  /** Attribute set as received. */
  ReceivedSet: 3,
  /** Attribute set after import policy, plus 1; 0: rejected, so that it takes no part in the decision. */
  Set: 4,
  /** Path identifier as received (RFC 7911); 0 without ADD-PATH. */
  PathId: 5,
  /** Seconds since the RIB's start when it last changed. */
  ChangedAt: 6,
  /** 1: changed since the last decision on its net. */
  IsModified: 7,
} as const;

export type PathIndex = number;

export class PathTable extends RecordTable {
  constructor() {
    super(3);
  }
}
