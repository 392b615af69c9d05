/** Kernel parameters: those of the node, and those of each workload interface when it appears. */
import type { AgentConfig } from '../agent-api.ts';
import type { DesiredSysctl } from '../calc/sysctls.ts';
import type { KernelLink, KernelPort } from '../kernel/kernel-port.ts';
import type { ErrorLog } from './error-log.ts';
import type { ForwardingCheck } from './forwarding-check.ts';

/** What is desired, as `calc` says. */
export interface SysctlPlan {
  readonly global: (config: AgentConfig) => readonly DesiredSysctl[];
  readonly workload: (interfaceName: string, rpFilter: string | null) => readonly DesiredSysctl[];
  /** Holds the value of `rpFilter`. */
  readonly rpFilterKey: string;
}

export interface SysctlCounts {
  readonly written: number;
  readonly failed: number;
}

const NOTHING_WRITTEN: SysctlCounts = { written: 0, failed: 0 };

export class SysctlManager {
  readonly #plan: SysctlPlan;
  readonly #errors: ErrorLog;
  /** Interfaces that are set up, by index and name: a renamed one has other keys. */
  #done = new Set<string>();
  #isGlobalDone = false;
  readonly #forwarding: ForwardingCheck;

  constructor(plan: SysctlPlan, errors: ErrorLog, forwarding: ForwardingCheck) {
    this.#forwarding = forwarding;
    this.#plan = plan;
    this.#errors = errors;
  }

  /** Looks at all of them again: others write parameters too. */
  recheck(): void {
    this.#done = new Set();
    this.#isGlobalDone = false;
  }

  /** Looks again at one link, or (null) at what is the node's. */
  recheckLink(interfaceIndex: number | null): void {
    if (interfaceIndex === null) this.#isGlobalDone = false;
    const start = `${interfaceIndex} `;
    for (const key of this.#done) if (key.startsWith(start)) this.#done.delete(key);
  }

  async apply(kernel: KernelPort, config: AgentConfig, links: readonly KernelLink[]): Promise<SysctlCounts> {
    const names = new Set(config.workloads.map(({ interfaceName }) => interfaceName));
    const present = links.filter(({ name }) => names.has(name));
    const keys = new Set(present.map(linkKey));
    for (const key of this.#done) if (!keys.has(key)) this.#done.delete(key);
    const fresh = present.filter((link) => !this.#done.has(linkKey(link)));
    if (fresh.length === 0 && this.#isGlobalDone) return NOTHING_WRITTEN;
    // Before anything is awaited: what changes meanwhile must be looked at once more.
    for (const link of fresh) this.#done.add(linkKey(link));
    const isGlobalDue = !this.#isGlobalDone;
    this.#isGlobalDone = true;
    const rpFilter = fresh.length === 0 ? null : await kernel.readSysctl(this.#plan.rpFilterKey);
    const desired = fresh.flatMap(({ name }) => this.#plan.workload(name, rpFilter));
    if (isGlobalDue) desired.unshift(...this.#plan.global(config));
    const counts = await this.#write(kernel, desired);
    await this.#forwarding.run(kernel, config, links);
    return counts;
  }

  async #write(kernel: KernelPort, desired: readonly DesiredSysctl[]): Promise<SysctlCounts> {
    const outcomes = await kernel.writeSysctls(desired.map(({ key, value }) => ({ key, value })));
    let written = 0;
    let failed = 0;
    outcomes.forEach(({ isChanged, failure }, i) => {
      const { key, value, isOptional } = desired[i]!;
      if (isChanged) written++;
      if (failure === null || (isOptional && failure.code === 'ENOENT')) return;
      failed++;
      this.#errors.add({ object: `sysctl ${key}`, text: `cannot be set to ${value}: ${failure.text}` });
    });
    return { written, failed };
  }
}

function linkKey({ index, name }: KernelLink): string {
  return `${index} ${name}`;
}
