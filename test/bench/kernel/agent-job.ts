/** What the driver of the agent alone is told, and what it tells. */
import type { Latency, LoopDelay } from '../driver/job.ts';

export interface AgentJob {
  readonly routes: number;
  /** Interface of workloads, and its index. */
  readonly workloadInterface: { readonly name: string; readonly index: number };
}

export interface AgentPhase {
  readonly phase: 'workload' | 'first resync' | 'resync';
  readonly seconds: number;
  /** Of one resync. */
  readonly cpuSeconds: number;
  readonly latency: Latency | null;
  readonly eventLoopDelay: LoopDelay;
}
