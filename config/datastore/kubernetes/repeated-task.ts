/** Something to be done at the API server until it has worked: one at a time, again after a back-off, again when asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BackOff, type BackOffOptions } from './back-off.ts';

export interface RepeatedTaskOptions {
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly backOff: BackOffOptions;
  /** Called at the first failure after a success. */
  readonly onFailure: (reason: string) => void;
}

export class RepeatedTask {
  readonly #options: RepeatedTaskOptions;
  readonly #backOff: BackOff;
  readonly #end = new AbortController();
  #asked = false;
  #running: Promise<void> | null = null;

  constructor(options: RepeatedTaskOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.backOff);
  }

  /** Does it soon, and once more when it is being done now. */
  request(): void {
    this.#asked = true;
    this.#running ??= this.#loop().finally(() => {
      this.#running = null;
    });
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #loop(): Promise<void> {
    let hasFailed = false;
    while (this.#asked && !this.#end.signal.aborted) {
      this.#asked = false;
      try {
        await this.#options.run(this.#end.signal);
        this.#backOff.reset();
        hasFailed = false;
      } catch (error) {
        if (this.#end.signal.aborted) return;
        if (!hasFailed) this.#options.onFailure(error instanceof Error ? error.message : String(error));
        hasFailed = true;
        this.#asked = true;
        await sleep(this.#backOff.next(), undefined, { signal: this.#end.signal }).catch(() => {});
      }
    }
  }
}
