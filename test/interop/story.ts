/**
 * Steps that follow one another, begun without waiting for the tests that look at them: the stories of several
 * daemons are told at the same time, each test waits for its own step, and a suite takes as long as its slowest daemon.
 */
export class Story {
  readonly #steps = new Map<string, Promise<void>>();
  #last: Promise<void> = Promise.resolve();

  /** Begins when the step before has succeeded; fails when that failed. */
  step(name: string, action: () => Promise<void>): this {
    this.#last = this.#last.then(action);
    this.#last.catch(() => undefined); // whoever waits for it hears of it
    this.#steps.set(name, this.#last);
    return this;
  }

  /** Resolves when the step has succeeded. @throws what it threw */
  async done(name: string): Promise<void> {
    const step = this.#steps.get(name);
    if (step === undefined) throw new Error(`no step is called ${name}`);
    await step;
  }

  /** Resolves when nothing of it goes on any more, whatever came of it. */
  async over(): Promise<void> {
    await Promise.allSettled(this.#steps.values());
  }
}
