/** Signals of a daemon: reload, stop cleanly, stop now. */
import type { Logger } from '@manul/bgp';
import { reasonOf } from '../cli/command-error.ts';

export interface Stoppable {
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** A clean stop that takes longer is cut off: product contract 5 s, with room for the way out. */
const STOP_WITHIN_MS = 4500;

/** How the daemon ended: the exit code, and why where it did not end by itself. */
export interface StopResult {
  readonly clean: boolean;
  readonly reason: string;
}

/**
 * Waits for SIGTERM or SIGINT and closes the daemon. SIGHUP reloads. A second signal, or a stop that takes too
 * long, ends the wait at once.
 */
export async function stopOnSignal(daemon: Stoppable, logger: Logger): Promise<StopResult> {
  process.on('SIGHUP', () => {
    logger.info('reading the resources again', { signal: 'SIGHUP' });
    daemon.reload().catch((error: unknown) => {
      logger.error('reading the resources again has failed', { reason: reasonOf(error) });
    });
  });
  logger.info('stopping', { signal: await nextSignal() });
  return Promise.race([closed(daemon), forced(), tooLate()]);
}

async function closed(daemon: Stoppable): Promise<StopResult> {
  try {
    await daemon.close();
    return { clean: true, reason: 'stopped' };
  } catch (error) {
    return { clean: false, reason: reasonOf(error) };
  }
}

async function forced(): Promise<StopResult> {
  return { clean: false, reason: `forced by a second ${await nextSignal()}` };
}

function tooLate(): Promise<StopResult> {
  return new Promise((resolve) => {
    const reason = `not everything stopped within ${STOP_WITHIN_MS} ms`;
    setTimeout(() => resolve({ clean: false, reason }), STOP_WITHIN_MS).unref();
  });
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
