/** What the probe in a daemon and the one who asks it agree on. */
import type { Histogram } from 'node:perf_hooks';
import type { LoopDelay } from '../driver/job.ts';

/** Environment variable with the file that the probe writes to. */
export const PROBE_FILE = 'BENCH_LOOP_DELAY_FILE';

/** Of a histogram that has measured with a resolution of 1 ms, which itself counts as delay. */
export function delayOf(histogram: Histogram): LoopDelay {
  return { p999Ms: histogram.percentile(99.9) / 1e6 - 1, maxMs: Math.max(0, histogram.max / 1e6 - 1) };
}
