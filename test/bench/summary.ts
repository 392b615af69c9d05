/** From single runs to what is printed: medians for each scenario, daemon and phase, and the ratio to the best peer. */
import type { PhaseResult } from './driver/job.ts';

/** One phase of one run. */
export interface Run {
  readonly scenario: string;
  readonly daemon: string;
  readonly result: PhaseResult;
}

/** One entry of `--json`. */
export interface Row {
  readonly scenario: string;
  readonly daemon: string;
  readonly phase: string;
  /** Median; null: cut. */
  readonly seconds: number | null;
  readonly routes: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  /** The best peer's seconds ÷ ours (its p99 ÷ ours where latency is measured): above 1 means we are faster. */
  readonly ratio: number | null;
  readonly metrics: {
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
    readonly maxMs: number | null;
    /** How late the event loop of our own daemon was; null where nobody asks. */
    readonly loopP999Ms: number | null;
    readonly loopMaxMs: number | null;
    readonly keepaliveGapMs: number | null;
    readonly driverCpuSeconds: number;
    /** Milliseconds until `/readyz` and `/metrics` were answered; null: not asked (`--probe`). */
    readonly readyP999Ms: number | null;
    readonly readyMaxMs: number | null;
    readonly metricsMaxMs: number | null;
  };
}

const OURS = 'manul';
/** Ourselves in other forms, and the one that only measures the driver, are no peers. */
const isPeer = (name: string): boolean => !name.startsWith(OURS) && name !== 'ideal';

export function summarize(runs: readonly Run[]): Row[] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const key = `${run.scenario} ${run.result.phase} ${run.daemon}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const rows = [...groups.values()].map(medians);
  return rows.map((row) => (row.daemon === OURS ? { ...row, ratio: ratioOf(row, rows) } : row));
}

function medians(runs: readonly Run[]): Row {
  const { scenario, daemon, result } = runs[0]!;
  const of = (value: (result: PhaseResult) => number | null): number | null =>
    median(runs.map((run) => value(run.result)));
  return {
    scenario,
    daemon,
    phase: result.phase,
    seconds: of((one) => one.seconds),
    routes: result.routes,
    cpuSeconds: of((one) => one.cpuSeconds) ?? 0,
    peakRssBytes: of((one) => one.peakRssBytes) ?? 0,
    ratio: null,
    metrics: {
      p50Ms: of((one) => one.latency?.p50Ms ?? null),
      p99Ms: of((one) => one.latency?.p99Ms ?? null),
      maxMs: of((one) => one.latency?.maxMs ?? null),
      loopP999Ms: of((one) => one.eventLoopDelay?.p999Ms ?? null),
      loopMaxMs: of((one) => one.eventLoopDelay?.maxMs ?? null),
      keepaliveGapMs: of((one) => one.keepaliveGapMs),
      driverCpuSeconds: of((one) => one.driverCpuSeconds) ?? 0,
      readyP999Ms: of((one) => one.answers?.readyP999Ms ?? null),
      readyMaxMs: of((one) => one.answers?.readyMaxMs ?? null),
      metricsMaxMs: of((one) => one.answers?.metricsMaxMs ?? null),
    },
  };
}

/** Null when any is null: a cut or lost run must not hide behind the others. */
function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (sorted.length < values.length) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function ratioOf(ours: Row, rows: readonly Row[]): number | null {
  const measure = (row: Row): number | null => row.metrics.p99Ms ?? row.seconds;
  const peers = rows
    .filter((row) => row.scenario === ours.scenario && row.phase === ours.phase && isPeer(row.daemon))
    .map(measure)
    .filter((value) => value !== null);
  const own = measure(ours);
  return own === null || peers.length === 0 ? null : Math.min(...peers) / own;
}
