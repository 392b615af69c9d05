/** What scenarios work with: sessions, expected routes, and phases that are measured and reported. */
import type { Family } from '../../harness/bgp/prefix-text.ts';
import type { RouteSet } from './encode-routes.ts';
import { type FleetOptions, openSessions, prepareSessions } from './fleet.ts';
import { IdleWatch } from './idle-watch.ts';
import type { Job, Latency, PhaseResult } from './job.ts';
import type { Ledger } from './ledger.ts';
import { costOf } from './process-cost.ts';
import { foldCluster, routeKey } from './route-key.ts';
import type { Session } from './session.ts';
import { nextHopOf, routerIdOf, wordOf } from './session-address.ts';

/** What a phase did: when it ended (performance.now(), or null for cut), and latencies if it measured some. */
export interface Outcome {
  readonly endedAt: number | null;
  readonly latency?: Latency;
}

export class Bench {
  readonly job: Job;
  readonly #report: (result: PhaseResult) => void;
  #idle: IdleWatch | null = null;

  constructor(job: Job, report: (result: PhaseResult) => void) {
    this.job = job;
    this.#report = report;
  }

  get cutMs(): number {
    return this.job.cutSec * 1000;
  }

  /** Opens the session that watches KEEPALIVEs while the scenario uses the other family. */
  async watchIdle(busy: Family): Promise<void> {
    this.#idle = await IdleWatch.open(this.job, busy);
  }

  /** Sessions `first` to `first + count - 1`, ready to dial. */
  prepare(first: number, count: number, options: FleetOptions): Session[] {
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    return prepareSessions(this.job, numbers, options);
  }

  /** Prepared sessions, Established. */
  dial(prepared: readonly Session[], options: FleetOptions): Promise<Session[]> {
    return openSessions(this.job, prepared, options);
  }

  /** Sessions `first` to `first + count - 1`, Established. */
  open(first: number, count: number, options: FleetOptions): Promise<Session[]> {
    return this.dial(this.prepare(first, count, options), options);
  }

  /** Adds to `ledger` what receivers see of the sets once the reflector has passed them on from session `sender`. */
  expect(ledger: Ledger, sender: number, sets: Iterable<RouteSet>, family: Family = 'ipv4'): void {
    const hop = wordOf(nextHopOf(sender, family));
    const originatorId = wordOf(routerIdOf(sender));
    const clusters = foldCluster(0, wordOf(this.job.clusterId));
    for (const set of sets) {
      const key = routeKey(hop, originatorId, clusters, set.set);
      for (let i = set.first; i < set.first + set.count; i++) ledger.set(i, key);
    }
  }

  /**
   * Measures `work` from its start to the end that it reports. A cut phase ends the act: what follows cannot be judged.
   * @throws PhaseCut when the phase was cut, after it has been reported
   */
  async phase(name: string, routes: number, work: (startedAt: number) => Promise<Outcome>): Promise<void> {
    this.#idle?.begin();
    const before = costOf(this.job.daemonPid);
    const driverBefore = process.cpuUsage();
    const startedAt = performance.now();
    const { endedAt, latency } = await work(startedAt);
    const driver = process.cpuUsage(driverBefore);
    const after = costOf(this.job.daemonPid);
    this.#report({
      phase: name,
      seconds: endedAt === null ? null : (endedAt - startedAt) / 1000,
      routes,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      peakRssBytes: after.peakRssBytes,
      driverCpuSeconds: (driver.user + driver.system) / 1e6,
      keepaliveGapMs: this.#idle === null ? null : await this.#idle.end(),
      latency: latency ?? null,
    });
    if (endedAt === null) throw new PhaseCut(name);
  }
}

/** A phase took too long: already reported, the rest of the act is left out. */
export class PhaseCut extends Error {}
