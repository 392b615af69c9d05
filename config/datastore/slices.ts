/** Gives the event loop its turn while long work goes on. */
import { setImmediate as pause } from 'node:timers/promises';
import type { Steps } from '../schema/steps.ts';

const SLICE_MS = 10;

export class SliceClock {
  #end = performance.now() + SLICE_MS;

  /** Waits for the event loop where the slice is over. */
  async turn(): Promise<void> {
    if (performance.now() < this.#end) return;
    await pause();
    this.#end = performance.now() + SLICE_MS;
  }
}

/** Runs steps to their end, in slices. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  const clock = new SliceClock();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await clock.turn();
  }
}
