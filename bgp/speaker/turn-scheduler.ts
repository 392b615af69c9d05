/**
 * Divides the event loop between reading, deciding and writing, so that no peer's flood delays a timer, another
 * peer or the HTTP server.
 *
 * Sockets only queue what they read. A turn takes messages off those queues, round-robin over the connections
 * that have any, for about `INPUT_BUDGET_MS`, then lets the RIB work for about `WORK_BUDGET_MS`, so that what a
 * turn has read leaves with it. Between two turns (setImmediate) the event loop serves timers and sockets.
 *
 * The event loop accepts one connection each time around. When a thousand clients come at once, full turns would
 * let them in at a few per second and write to all others after each; so a turn that follows an accepted
 * connection leaves the RIB's work to the next one, for at most `MAX_DEFERRAL_MS` in a row.
 */
import type { Clock } from './clock.ts';
import type { Logger } from './speaker-api.ts';

const INPUT_BUDGET_MS = 4;
const WORK_BUDGET_MS = 4;
/** Octets of one connection before the next has its turn. */
const QUANTUM_BYTES = 16 * 1024;
/** How long the RIB may wait for connections that come in one after the other. */
const MAX_DEFERRAL_MS = 25;

export interface InputSource {
  /**
   * Handles about `maxBytes` of queued input.
   * @returns true when whole messages may be left
   */
  processInput(maxBytes: number): boolean;
  /** `processInput` threw: a fault of ours, which must cost this connection only. */
  onInputFailure(error: unknown): void;
}

export interface TurnSchedulerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Deferred work of the RIB; true when none is left. */
  readonly work: (budgetMs: number) => boolean;
  /** Called at the end of a turn that left nothing to do. */
  readonly onIdle: () => void;
}

export class TurnScheduler {
  readonly #options: TurnSchedulerOptions;
  readonly #waiting = new Set<InputSource>();
  #immediate: NodeJS.Immediate | null = null;
  #closed = false;
  /** A connection was accepted since the last turn: more may be waiting. */
  #hasAccepted = false;
  /** When the RIB last had its time. */
  #lastWork = 0;

  constructor(options: TurnSchedulerOptions) {
    this.#options = options;
  }

  /** The source has input; calling again before it was handled changes nothing. */
  addInput(source: InputSource): void {
    this.#waiting.add(source);
    this.requestTurn();
  }

  removeInput(source: InputSource): void {
    this.#waiting.delete(source);
  }

  hasInput(source: InputSource): boolean {
    return this.#waiting.has(source);
  }

  /** A connection was accepted; the listener may have more. */
  onAccepted(): void {
    this.#hasAccepted = true;
    this.requestTurn();
  }

  requestTurn(): void {
    if (this.#immediate === null && !this.#closed) this.#immediate = setImmediate(() => this.#turn());
  }

  close(): void {
    this.#closed = true;
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#immediate = null;
    this.#waiting.clear();
  }

  #turn(): void {
    this.#immediate = null;
    this.#handleInput();
    const isDone = this.#mayDefer() ? false : this.#work();
    if (this.#closed) return;
    if (this.#waiting.size > 0 || !isDone) this.requestTurn();
    else this.#options.onIdle();
  }

  /** A set keeps the order of insertion: taking the first and adding it again is round-robin. */
  #handleInput(): void {
    const deadline = this.#options.clock.now() + INPUT_BUDGET_MS;
    for (const source of this.#waiting) {
      this.#waiting.delete(source);
      if (this.#process(source)) this.#waiting.add(source);
      if (this.#options.clock.now() >= deadline) return;
    }
  }

  #process(source: InputSource): boolean {
    try {
      return source.processInput(QUANTUM_BYTES);
    } catch (error) {
      source.onInputFailure(error);
      return false;
    }
  }

  #mayDefer(): boolean {
    const hasAccepted = this.#hasAccepted;
    this.#hasAccepted = false;
    return hasAccepted && this.#options.clock.now() - this.#lastWork < MAX_DEFERRAL_MS;
  }

  #work(): boolean {
    this.#lastWork = this.#options.clock.now();
    try {
      return this.#options.work(WORK_BUDGET_MS);
    } catch (error) {
      this.#options.logger.error('deferred work of the RIB failed', { error: String(error) });
      return true;
    }
  }
}
