/** How late the event loop was during the last minute. */
import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';

export const QUANTILES: readonly number[] = [0.5, 0.9, 0.99, 0.999, 1];

const TICK_MS = 10;
const SLICE_MS = 10_000;
const SLICES = 6;
const NANOSECONDS_PER_MS = 1e6;

/**
 * Measures how much later than asked for a timer runs. The minute is a ring of slices of ten seconds, because a
 * histogram only grows; Node's own `monitorEventLoopDelay` cannot be summed over slices.
 */
export class EventLoopDelay {
  #slices: readonly RecordableHistogram[] = [createHistogram()];
  #lastTickMs = performance.now();
  #count = 0;
  #sumMs = 0;
  readonly #timers: readonly NodeJS.Timeout[];

  constructor() {
    this.#timers = [
      setInterval(() => this.#tick(performance.now()), TICK_MS).unref(),
      setInterval(() => this.#nextSlice(), SLICE_MS).unref(),
    ];
  }

  /** Seconds by quantile; zeros before the first measurement. */
  quantiles(): ReadonlyMap<number, number> {
    const minute = createHistogram();
    for (const slice of this.#slices) minute.add(slice);
    return new Map(QUANTILES.map((quantile) => [quantile, delaySeconds(minute, quantile)]));
  }

  /** Of all measurements since the start. */
  totals(): { readonly count: number; readonly sumSeconds: number } {
    return { count: this.#count, sumSeconds: this.#sumMs / 1000 };
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #tick(nowMs: number): void {
    const lateMs = Math.max(0, nowMs - this.#lastTickMs - TICK_MS);
    this.#lastTickMs = nowMs;
    this.#count += 1;
    this.#sumMs += lateMs;
    // The smallest value that a histogram takes is 1.
    this.#slices[0]?.record(Math.max(1, Math.round(lateMs * NANOSECONDS_PER_MS)));
  }

  #nextSlice(): void {
    this.#slices = [createHistogram(), ...this.#slices].slice(0, SLICES);
  }
}

function delaySeconds(histogram: RecordableHistogram, quantile: number): number {
  if (histogram.count === 0) return 0;
  const nanoseconds = quantile === 1 ? histogram.max : histogram.percentile(quantile * 100);
  return nanoseconds / (NANOSECONDS_PER_MS * 1000);
}
