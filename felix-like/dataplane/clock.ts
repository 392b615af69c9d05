/** Time as the agent needs it; tests inject their own. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds that never go backwards; the origin means nothing. */
  now(): number;
  /** Time of day, for what is shown. */
  wallTime(): Date;
  /** Calls back once, after `ms` milliseconds. */
  startTimer(ms: number, callback: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => new Date(),
  startTimer(ms, callback) {
    const handle = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(handle) };
  },
};
