/** Ctrl-C and its kin, as the reason for which the demo stops. */
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const LOOK_AT_PARENT_EVERY_MS = 200;

export class Interruption extends Error {
  override readonly name = 'Interruption';
  /** Exit status when not everything had been shown, as a shell reports a signal. */
  readonly status: number;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.status = 128 + constants.signals[signal];
  }
}

/**
 * Signals abort `stop`, and so does a reader of our output that goes away. A second signal changes nothing:
 * a terminal and npm may both pass on one Ctrl-C, and tidying up takes seconds at most.
 */
export function stopOnInterruption(stop: AbortController): void {
  for (const signal of SIGNALS) process.on(signal, () => stop.abort(new Interruption(signal)));
  process.stdout.on('error', () => stop.abort(new Interruption('SIGPIPE')));
  if (process.env['npm_lifecycle_event'] !== undefined) stopWithParent(stop);
}

/** What started us for a user has ended without a word: npm was killed, or a shell between npm and us by its signal. */
function stopWithParent(stop: AbortController): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop.abort(new Interruption('SIGHUP'));
  }, LOOK_AT_PARENT_EVERY_MS).unref();
}
