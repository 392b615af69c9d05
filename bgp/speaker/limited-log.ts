/**
 * Log lines that others can cause: of each subject only so many a minute are written, and at the end of the minute
 * how many more there were. Subjects are bounded, too; beyond that all others share one.
 */
import type { Clock, Timer } from './clock.ts';
import type { Logger } from './speaker-api.ts';

const WINDOW_MS = 60_000;
const MAX_SUBJECTS = 4_096;

export interface LimitedLine {
  readonly level: keyof Logger;
  readonly message: string;
  /** What the line is about, in log fields: lines with the same message and subject share a budget. */
  readonly subject: Readonly<Record<string, string | null>>;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly perMinute: number;
}

interface Budget {
  readonly line: LimitedLine;
  written: number;
  left: number;
}

export class LimitedLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #budgets = new Map<string, Budget>();
  #timer: Timer | null = null;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  write(line: LimitedLine): void {
    const budget = this.#budget(line);
    if (budget.written >= line.perMinute) {
      budget.left++;
      return;
    }
    budget.written++;
    this.#logger[line.level](line.message, { ...line.subject, ...line.fields });
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#budgets.clear();
  }

  #budget(line: LimitedLine): Budget {
    const isFull = this.#budgets.size >= MAX_SUBJECTS;
    const own = [line.message, ...Object.values(line.subject)].join('\0');
    const key = this.#budgets.has(own) || !isFull ? own : line.message;
    let budget = this.#budgets.get(key);
    if (budget === undefined) {
      budget = { line: key === own ? line : { ...line, subject: {} }, written: 0, left: 0 };
      this.#budgets.set(key, budget);
      this.#timer ??= this.#clock.startTimer(WINDOW_MS, () => this.#endWindow());
    }
    return budget;
  }

  #endWindow(): void {
    this.#timer = null;
    const budgets = [...this.#budgets.values()];
    this.#budgets.clear();
    for (const { line, left } of budgets) {
      if (left > 0)
        this.#logger[line.level](`${line.message}: more in the last minute`, { ...line.subject, more: left });
    }
  }
}
