/** What the benchmark tells its driver process, and what it hears from it. */

export interface Job {
  readonly scenario: string;
  /** Which of the scenario's acts; each begins with a fresh daemon. */
  readonly act: number;
  readonly target: { readonly address: string; readonly port: number };
  readonly asn: number;
  /** Of the reflector, dotted quad. */
  readonly clusterId: string;
  /** Root of the daemon's processes. */
  readonly daemonPid: number;
  /** A phase that takes longer is given up. */
  readonly cutSec: number;
}

export interface PhaseResult {
  readonly phase: string;
  /** Null: cut. For `latency` phases: how long was measured. */
  readonly seconds: number | null;
  /** Routes that receivers had to take or lose, all receivers together; for `sessions` the sessions. */
  readonly routes: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  readonly driverCpuSeconds: number;
  /** Largest time between two messages on an idle session with a hold time of 3 s; null: the daemon lost it. */
  readonly keepaliveGapMs: number | null;
  readonly latency: Latency | null;
  /** Of our own daemon: how late its event loop was; absent where nobody asks. */
  readonly eventLoopDelay?: LoopDelay;
  /** How long its HTTP server took to answer, where `--probe` asked it. */
  readonly answers?: AnswerTimes | null;
}

export interface LoopDelay {
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Milliseconds from a request to the end of its answer, over one phase. */
export interface AnswerTimes {
  /** `/readyz`, asked every 10 ms: an event loop that is held up shows here. */
  readonly readyP999Ms: number;
  readonly readyMaxMs: number;
  readonly metricsMaxMs: number;
}

/** Milliseconds from the write of a change to its arrival, over all changes and receivers. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export type DriverMessage =
  | { readonly kind: 'phase'; readonly result: PhaseResult }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'done' };
