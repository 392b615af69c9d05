/** Scenarios of several daemons at the same time: a suite takes as long as its slowest daemon. */
import type { DaemonKind } from '../harness/daemons/daemon.ts';
import { unmetReason } from '../support/requirements.ts';

/** Steps that follow one another, begun without waiting for the tests that look at them: each test waits for its own step. */
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

/** What is stopped when a story is over. */
export interface Scene {
  stop(): Promise<void>;
}

/** One story with each daemon, all of them begun as soon as one is asked for. */
export class Scenario<S extends Scene> {
  readonly #kinds: readonly DaemonKind[];
  readonly #open: (kind: DaemonKind) => S;
  readonly #tell: (scene: S, story: Story) => Story;
  readonly #told = new Map<DaemonKind, { readonly scene: S; readonly story: Story }>();

  constructor(
    kinds: readonly DaemonKind[],
    open: (kind: DaemonKind) => S,
    tell: (scene: S, story: Story) => Story,
  ) {
    this.#kinds = kinds.filter(isThere);
    this.#open = open;
    this.#tell = tell;
  }

  async done(kind: DaemonKind, step: string): Promise<void> {
    await this.#storyOf(kind).story.done(step);
  }

  /** Stops the scene of this daemon, once its story is over. */
  async end(kind: DaemonKind): Promise<void> {
    const { story, scene } = this.#storyOf(kind);
    await story.over();
    await scene.stop();
  }

  #storyOf(wanted: DaemonKind): { readonly scene: S; readonly story: Story } {
    if (this.#told.size === 0) {
      for (const kind of this.#kinds) {
        const scene = this.#open(kind);
        this.#told.set(kind, { scene, story: this.#tell(scene, new Story()) });
      }
    }
    return this.#told.get(wanted)!;
  }
}

/** Begins `run` for all kinds that the machine has, as soon as one of them is asked for. */
export function together(
  kinds: readonly DaemonKind[],
  run: (kind: DaemonKind) => Promise<void>,
): (kind: DaemonKind) => Promise<void> {
  const begun = new Map<DaemonKind, Promise<void>>();
  return async (wanted) => {
    if (begun.size === 0) {
      for (const kind of kinds.filter(isThere)) {
        const done = run(kind);
        done.catch(() => undefined); // its test hears of it
        begun.set(kind, done);
      }
    }
    await begun.get(wanted);
  };
}

/** The machine has what the daemon needs in a network of its own. */
function isThere({ commands }: DaemonKind): boolean {
  return unmetReason({ root: true, commands }) === null;
}
