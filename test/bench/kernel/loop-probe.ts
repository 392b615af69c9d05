/**
 * Loaded into a daemon before it starts (`NODE_OPTIONS=--import`): measures how late its event loop is, and writes that
 * to a file at each SIGUSR2, for the time since the one before.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { delayOf, PROBE_FILE } from './probe-report.ts';

const path = process.env[PROBE_FILE];
if (isMainThread && path !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on('SIGUSR2', () => {
    writeFileSync(`${path}.new`, JSON.stringify(delayOf(delay)));
    renameSync(`${path}.new`, path);
    delay.reset();
  });
}
