/** Takes in what was learnt, and finds the route of every prefix that it touches, in slices of time. */
import type { RouteCalculator } from '../calc/route-calculator.ts';
import { MAIN_TABLE } from '../routetable/route-key.ts';
import type { RouteTable } from '../routetable/route-table.ts';
import type { Clock } from './clock.ts';
import type { LearntFeed } from './learnt-feed.ts';
import type { RouteWriter } from './route-writer.ts';

/** Prefixes to settle before the clock is looked at. */
const SLICE = 500;
/** Time to settle before the event loop has its turn. */
const SLICE_MS = 4;

export interface RouteSettlerParts {
  readonly clock: Clock;
  readonly feed: LearntFeed;
  readonly calculator: RouteCalculator;
  readonly table: RouteTable;
  readonly writer: RouteWriter;
}

export class RouteSettler {
  readonly #parts: RouteSettlerParts;

  constructor(parts: RouteSettlerParts) {
    this.#parts = parts;
  }

  /** Settles for a slice of time. @returns true when there is more */
  settle(): boolean {
    const { calculator, clock, feed } = this.#parts;
    const endMs = clock.now() + SLICE_MS;
    let hasMore: boolean;
    do {
      feed.drain(SLICE, calculator);
      hasMore = this.#settleRoutes() || !feed.isEmpty;
    } while (hasMore && clock.now() < endMs);
    return hasMore;
  }

  /** @returns true when there is more to settle */
  #settleRoutes(): boolean {
    const { calculator, table, writer } = this.#parts;
    const hasMore = calculator.settle(SLICE, (key, metric, target, isOwn) => {
      if (isOwn) {
        const prefix = key.text();
        writer.onSettled(prefix, target && { table: MAIN_TABLE, prefix, metric, target });
      }
      table.desire(key, metric, target);
    });
    if (!hasMore) table.finishRewrite();
    return hasMore;
  }
}
