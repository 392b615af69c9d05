/**
 * Segments that the kernel dropped without telling the socket, as counted for the whole network namespace in
 * /proc/net/netstat: the only trace of a wrong key or of a TTL that is too low.
 */
import { readFileSync } from 'node:fs';

export interface DroppedSegments {
  /** Not signed although a key is set for the sender (TCPMD5NotFound). */
  readonly unsigned: number;
  /** Signed although no key is set for the sender (TCPMD5Unexpected). */
  readonly unexpectedlySigned: number;
  /** Signed with another key (TCPMD5Failure). */
  readonly wronglySigned: number;
  /** Arrived with a TTL below the least that is allowed (TCPMinTTLDrop). */
  readonly lowTtl: number;
}

export const NO_DROPS: DroppedSegments = {
  unsigned: 0,
  unexpectedlySigned: 0,
  wronglySigned: 0,
  lowTtl: 0,
};

const NETSTAT = '/proc/net/netstat';
/** A thousand connections that end at once do not read the file a thousand times. */
const FRESH_MS = 500;

let latest: { readonly at: number; readonly drops: DroppedSegments } | null = null;

/** As of now, or of half a second ago; zeros where the file cannot be read or lacks a counter. */
export function droppedSegments(): DroppedSegments {
  const at = performance.now();
  if (latest === null || at - latest.at > FRESH_MS) latest = { at, drops: readDrops() };
  return latest.drops;
}

function readDrops(): DroppedSegments {
  try {
    return parseNetstat(readFileSync(NETSTAT, 'latin1'));
  } catch {
    return NO_DROPS; // no procfs: nothing to tell, and nothing that depends on it
  }
}

/** A line of names and a line of values, both beginning with `TcpExt:`. */
export function parseNetstat(text: string): DroppedSegments {
  const [names, values] = text
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  const value = (name: string): number => Number(values?.[names?.indexOf(name) ?? -1] ?? 0);
  return {
    unsigned: value('TCPMD5NotFound'),
    unexpectedlySigned: value('TCPMD5Unexpected'),
    wronglySigned: value('TCPMD5Failure'),
    lowTtl: value('TCPMinTTLDrop'),
  };
}

export function dropsSince(before: DroppedSegments, now: DroppedSegments): DroppedSegments {
  return {
    unsigned: now.unsigned - before.unsigned,
    unexpectedlySigned: now.unexpectedlySigned - before.unexpectedlySigned,
    wronglySigned: now.wronglySigned - before.wronglySigned,
    lowTtl: now.lowTtl - before.lowTtl,
  };
}
