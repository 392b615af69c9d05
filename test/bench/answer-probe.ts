/** Asks a daemon's HTTP server all the time that it works, and notes how long each answer took. */
import { Agent, get } from 'node:http';
import type { AnswerTimes } from './driver/job.ts';

const READY_EVERY_MS = 10;
const METRICS_EVERY_MS = 500;

export class AnswerProbe {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });
  #ready: number[] = [];
  #metrics: number[] = [];
  #isOver = false;

  constructor(port: number) {
    this.#port = port;
    void this.#ask('/readyz', READY_EVERY_MS, (ms) => this.#ready.push(ms));
    void this.#ask('/metrics', METRICS_EVERY_MS, (ms) => this.#metrics.push(ms));
  }

  /** What was measured since the last call; null: nothing. */
  take(): AnswerTimes | null {
    const ready = this.#ready.sort((a, b) => a - b);
    const metrics = this.#metrics;
    this.#ready = [];
    this.#metrics = [];
    if (ready.length === 0) return null;
    return {
      readyP999Ms: ready[Math.ceil(ready.length * 0.999) - 1]!,
      readyMaxMs: ready.at(-1)!,
      metricsMaxMs: Math.max(0, ...metrics),
    };
  }

  close(): void {
    this.#isOver = true;
    this.#agent.destroy();
  }

  async #ask(path: string, everyMs: number, note: (ms: number) => void): Promise<void> {
    while (!this.#isOver) {
      const startedAt = performance.now();
      const isAnswered = await this.#answered(path);
      if (isAnswered && !this.#isOver) note(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  #answered(path: string): Promise<boolean> {
    return new Promise((resolve) => {
      const request = get({ host: '127.0.0.1', port: this.#port, path, agent: this.#agent }, (answer) => {
        answer.resume().on('close', () => resolve(true));
      });
      request.on('error', () => resolve(false));
    });
  }
}
