/**
 * How soon the kernel runs this thread once it has something to do. From Linux 6.12 on a thread may ask for shorter time
 * slices: it gets no more processor time by that, but one that wakes up goes before those with longer slices, whose turn
 * would have lasted for up to four milliseconds. Needs no privilege. Older kernels take no notice.
 */
import { schedGetattr, schedSetattr } from './libc.ts';

const SLICE_NS = 200_000n;

/** `struct sched_attr`, first version: size(4) policy(4) flags(8) nice(4) priority(4) runtime(8) deadline(8) period(8). */
const ATTRIBUTE_BYTES = 48;
const POLICY = 4;
const FLAGS = 8;
const RUNTIME = 24;
const SCHED_OTHER = 0;
const RESET_ON_FORK = 1n;

/**
 * Asks for short time slices for the calling thread alone, not for those that it starts. One that somebody gave another
 * policy (`chrt`) keeps it.
 * @returns whether the kernel agreed
 */
export function shortenTimeSlice(): boolean {
  const attributes = new Uint8Array(ATTRIBUTE_BYTES);
  if (schedGetattr(attributes) !== 0) return false;
  const view = new DataView(attributes.buffer);
  if (view.getUint32(POLICY, true) !== SCHED_OTHER) return false;
  view.setBigUint64(FLAGS, RESET_ON_FORK, true);
  view.setBigUint64(RUNTIME, SLICE_NS, true);
  return schedSetattr(attributes) === 0;
}
