/** The last things that went wrong, each named with its object: for the log, and for `manul status`. */
import type { AgentStatus } from '../agent-api.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

const KEPT = 20;

export interface Problem {
  readonly object: string;
  readonly text: string;
}

type LoggedError = AgentStatus['lastErrors'][number];

export class ErrorLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By object, in order of time. */
  readonly #errors = new Map<string, LoggedError>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The newest last. */
  list(): readonly LoggedError[] {
    return [...this.#errors.values()];
  }

  /** Keeps the error; logs it unless the same was said of the object before. */
  add({ object, text }: Problem): void {
    const isNews = this.#errors.get(object)?.text !== text;
    this.#keep({ object, text });
    if (isNews) this.#logger.warn(text, { object });
  }

  /** Many at once, such as the failures of one batch: one log line for each text. */
  addAll(problems: readonly Problem[]): void {
    const byText = Map.groupBy(problems, ({ text }) => text);
    for (const [text, group] of byText) {
      const first = group[0]!;
      const isNews = group.some(({ object }) => this.#errors.get(object)?.text !== text);
      for (const problem of group.slice(0, KEPT)) this.#keep(problem);
      if (isNews) this.#logger.warn(text, { object: first.object, count: group.length });
    }
  }

  #keep({ object, text }: Problem): void {
    this.#errors.delete(object);
    this.#errors.set(object, { at: this.#clock.wallTime().toISOString(), object, text });
    for (const oldest of this.#errors.keys()) {
      if (this.#errors.size <= KEPT) break;
      this.#errors.delete(oldest);
    }
  }
}
