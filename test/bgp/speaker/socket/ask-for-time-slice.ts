/** Asks for a short time slice, starts another thread, and prints as JSON what each thread has, in nanoseconds. */
import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { shortenTimeSlice } from '../../../../bgp/speaker/socket/time-slice.ts';

/** By thread; those of kernels that do not tell are missing. */
function slices(): Record<string, number> {
  const byThread: Record<string, number> = {};
  for (const thread of readdirSync('/proc/self/task')) {
    const slice = /^se\.slice\s*:\s*(\d+)/m.exec(readFileSync(`/proc/self/task/${thread}/sched`, 'utf8'));
    if (slice !== null) byThread[thread] = Number(slice[1]);
  }
  return byThread;
}

const before = slices();
const agreed = shortenTimeSlice();
const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
worker.on('online', () => {
  console.log(JSON.stringify({ main: process.pid, agreed, before, after: slices() }));
  process.exit();
});
