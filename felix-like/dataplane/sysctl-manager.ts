/**
 * Kernel parameters: those of the node, and those of each workload interface when it appears. The kernel tells when
 * others change most of them; the rest is looked at every ten seconds.
 */
import type { AgentConfig } from '../agent-api.ts';
import type { DesiredSysctl } from '../calc/sysctls.ts';
import type { KernelLink, KernelPort } from '../kernel/kernel-port.ts';
import { RetrySchedule } from '../routetable/retry-schedule.ts';
import type { Clock } from './clock.ts';
import type { ErrorLog } from './error-log.ts';
import type { ForwardingCheck } from './forwarding-check.ts';

/** What is desired, as `calc` says. */
export interface SysctlPlan {
  readonly global: (config: AgentConfig) => readonly DesiredSysctl[];
  readonly workload: (interfaceName: string, rpFilter: string | null) => readonly DesiredSysctl[];
  /** Holds the value of `rpFilter`. */
  readonly rpFilterKey: string;
}

export interface SysctlParts {
  readonly plan: SysctlPlan;
  readonly clock: Clock;
  readonly errors: ErrorLog;
  readonly forwarding: ForwardingCheck;
}

export interface SysctlCounts {
  readonly written: number;
  readonly failed: number;
}

/** Key in `#done` of what is the node's. */
const NODE = 'node';
const NOTHING_WRITTEN: SysctlCounts = { written: 0, failed: 0 };
/** Of an interface whose workload may send from addresses of others. */
const RP_FILTER_OFF = '0';
/** How often to look at parameters whose changes nobody tells. */
const LOOK_MS = 10_000;

interface WorkloadLink extends KernelLink {
  readonly key: string;
  readonly maySpoof: boolean;
}

export class SysctlManager {
  readonly #parts: SysctlParts;
  /** What is set up: the node, and interfaces by index and name, for a renamed one has other keys. */
  #done = new Set<string>();
  /** By kernel parameter. */
  readonly #retries = new RetrySchedule<string>();
  readonly #desired = new Map<string, readonly DesiredSysctl[]>();
  /** When to look at what nobody tells, milliseconds of the clock; null: before the first pass. */
  #lookAtMs: number | null = null;

  constructor(parts: SysctlParts) {
    this.#parts = parts;
  }

  /** Number of parameters that are not as they should be. */
  get refusedCount(): number {
    return this.#retries.size;
  }

  /** Looks at all of them again: others write parameters too. */
  recheck(): void {
    this.#done = new Set();
  }

  /** Looks again at one link, or (null) at what is the node's. */
  recheckLink(interfaceIndex: number | null): void {
    const start = interfaceIndex === null ? NODE : `${interfaceIndex} `;
    for (const key of this.#done) if (key.startsWith(start)) this.#done.delete(key);
  }

  /** When to look again, or to try again what was refused, milliseconds of the clock; null before the first pass. */
  nextMs(): number | null {
    const dueMs = [this.#lookAtMs, this.#retries.nextMs()].filter((ms) => ms !== null);
    return dueMs.length === 0 ? null : Math.min(...dueMs);
  }

  async apply(kernel: KernelPort, config: AgentConfig, links: readonly KernelLink[]): Promise<SysctlCounts> {
    const { plan, clock, forwarding } = this.#parts;
    const present = workloadLinks(config, links);
    this.#forget(new Set([NODE, ...present.map(({ key }) => key)]));
    const fresh = present.filter(({ key }) => !this.#done.has(key));
    const isNodeDue = !this.#done.has(NODE);
    const nowMs = clock.now();
    const due = new Set(this.#retries.due(nowMs));
    const mustLook = this.#lookAtMs === null || nowMs >= this.#lookAtMs;
    if (fresh.length === 0 && !isNodeDue && due.size === 0 && !mustLook) return NOTHING_WRITTEN;
    if (mustLook) this.#lookAtMs = nowMs + LOOK_MS;
    // Before anything is awaited: what changes meanwhile must be looked at once more.
    for (const key of [NODE, ...fresh.map((link) => link.key)]) this.#done.add(key);
    const rpFilter = fresh.length === 0 ? null : await kernel.readSysctl(plan.rpFilterKey);
    if (isNodeDue) this.#desired.set(NODE, plan.global(config));
    for (const { key, name, maySpoof } of fresh) {
      this.#desired.set(key, plan.workload(name, maySpoof ? RP_FILTER_OFF : rpFilter));
    }
    const isFresh = new Set([...(isNodeDue ? [NODE] : []), ...fresh.map(({ key }) => key)]);
    const isDue = ({ key, isTold }: DesiredSysctl): boolean =>
      due.has(key) || (mustLook && !isTold && !this.#retries.isWaiting(key, nowMs));
    const desired = [...this.#desired].flatMap(([key, settings]) =>
      isFresh.has(key) ? settings : settings.filter(isDue),
    );
    const counts = await this.#write(kernel, desired);
    if (fresh.length > 0 || isNodeDue) await forwarding.run(kernel, config, links);
    return counts;
  }

  /** What is there no more is set up no more, and not tried again. */
  #forget(kept: ReadonlySet<string>): void {
    for (const key of this.#done) if (!kept.has(key)) this.#done.delete(key);
    for (const [key, settings] of this.#desired) {
      if (kept.has(key)) continue;
      this.#desired.delete(key);
      for (const setting of settings) this.#retries.clear(setting.key);
    }
  }

  async #write(kernel: KernelPort, desired: readonly DesiredSysctl[]): Promise<SysctlCounts> {
    const { clock, errors } = this.#parts;
    const outcomes = await kernel.writeSysctls(desired.map(({ key, value }) => ({ key, value })));
    let written = 0;
    let failed = 0;
    outcomes.forEach(({ isChanged, failure }, i) => {
      const { key, value, isOptional } = desired[i]!;
      if (isChanged) written++;
      if (failure === null || (isOptional && failure.code === 'ENOENT')) {
        this.#retries.clear(key);
        return;
      }
      failed++;
      const text = `cannot be set to ${value}: ${failure.text}`;
      this.#retries.onRefused(key, text, clock.now());
      errors.add({ object: `sysctl ${key}`, text });
    });
    return { written, failed };
  }
}

function workloadLinks({ workloads }: AgentConfig, links: readonly KernelLink[]): WorkloadLink[] {
  const spoofs = new Map<string, boolean>();
  for (const { interfaceName, foreignSources = [] } of workloads) {
    spoofs.set(interfaceName, foreignSources.length > 0 || spoofs.get(interfaceName) === true);
  }
  return links.flatMap((link) => {
    const maySpoof = spoofs.get(link.name);
    if (maySpoof === undefined) return [];
    return [{ ...link, maySpoof, key: `${link.index} ${link.name}${maySpoof ? ' foreign sources' : ''}` }];
  });
}
