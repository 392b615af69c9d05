/**
 * Addresses on the host side of workloads that speak BGP with this node, so that each can dial the same address
 * whatever the node's own is; reconciled. On a workload's interface every host address of global scope is ours:
 * nobody else puts one there, and one that is wanted no more goes, whichever process gave it.
 */
import { addressBits, addressFamily, isLinkLocal } from '@manul/bgp/net';
import type { AgentConfig } from '../agent-api.ts';
import type { KernelAddress, KernelLink, KernelPort, ObjectOperation } from '../kernel/kernel-port.ts';
import { RetrySchedule } from '../routetable/retry-schedule.ts';
import type { Clock } from './clock.ts';
import type { ErrorLog } from './error-log.ts';
import type { ObjectCounts } from './tunnel-devices.ts';

interface Step {
  /** What it is about, for the schedule of retries: `INTERFACE PREFIX`. */
  readonly key: string;
  readonly interfaceName: string;
  readonly what: string;
  readonly operation: ObjectOperation;
}

export class PeeringAddresses {
  readonly #clock: Clock;
  readonly #errors: ErrorLog;
  readonly #retries = new RetrySchedule<string>();
  #isInSync = true;

  constructor(clock: Clock, errors: ErrorLog) {
    this.#clock = clock;
    this.#errors = errors;
  }

  /** Every interface that exists has what it should have, as far as the last `apply` saw. */
  get isInSync(): boolean {
    return this.#isInSync;
  }

  /** Addresses that the kernel refused, and that are tried again. */
  get refusedCount(): number {
    return this.#retries.size;
  }

  /** When to look again, milliseconds of the clock, or null. */
  nextMs(): number | null {
    return this.#retries.nextMs();
  }

  /** Something changed that may have been the reason for a refusal. */
  hurryRetries(): void {
    this.#retries.hurry(this.#clock.now());
  }

  /** One pass. @returns what was asked of the kernel; after that, addresses must be read anew */
  async apply(
    kernel: KernelPort,
    config: AgentConfig,
    links: readonly KernelLink[],
    addresses: readonly KernelAddress[],
  ): Promise<ObjectCounts> {
    const nowMs = this.#clock.now();
    const steps = stepsFor(config, links, addresses);
    this.#isInSync = steps.length === 0;
    const due = steps.filter(({ key }) => !this.#retries.isWaiting(key, nowMs));
    if (due.length === 0) return { written: 0, failed: 0 };
    const failures = await kernel.applyObjects(due.map(({ operation }) => operation));
    const refused = new Map(failures.map(({ index, text }) => [index, text]));
    due.forEach(({ key, interfaceName, what }, index) => {
      const text = refused.get(index);
      if (text === undefined) this.#retries.clear(key);
      else {
        this.#retries.onRefused(key, text, nowMs);
        this.#errors.add({ object: `interface ${interfaceName}`, text: `cannot be ${what}: ${text}` });
      }
    });
    return { written: due.length - failures.length, failed: failures.length };
  }
}

function stepsFor(
  { peeringAddresses, interfacePrefixes }: AgentConfig,
  links: readonly KernelLink[],
  addresses: readonly KernelAddress[],
): Step[] {
  const wanted = new Map(peeringAddresses.map((entry) => [entry.interfaceName, entry.addresses]));
  const onWorkloads = new Map<number, KernelLink>();
  for (const link of links) {
    if (interfacePrefixes.some((prefix) => link.name.startsWith(prefix))) onWorkloads.set(link.index, link);
  }
  const present = new Map<string, Set<string>>();
  const steps: Step[] = [];
  for (const address of addresses) {
    const name = onWorkloads.get(address.interfaceIndex)?.name;
    const prefix = hostPrefix(address.address);
    if (name === undefined || prefix === null || address.subnet !== prefix) continue;
    present.set(name, (present.get(name) ?? new Set()).add(prefix));
    if (wanted.get(name)?.includes(prefix) === true) continue;
    const operation = { kind: 'address', op: 'delete', address } as const;
    steps.push({ key: `${name} ${prefix}`, interfaceName: name, what: `rid of ${prefix}`, operation });
  }
  for (const { index: interfaceIndex, name } of onWorkloads.values()) {
    for (const subnet of wanted.get(name) ?? []) {
      if (present.get(name)?.has(subnet) === true) continue;
      const address = { interfaceIndex, address: subnet.slice(0, subnet.indexOf('/')), subnet };
      const operation = { kind: 'address', op: 'add', address } as const;
      steps.push({ key: `${name} ${subnet}`, interfaceName: name, what: `given ${subnet}`, operation });
    }
  }
  return steps;
}

/** The prefix of this address alone; null of those that each IPv6 interface has by itself. */
function hostPrefix(address: string): string | null {
  const family = addressFamily(address);
  return family === null || isLinkLocal(address) ? null : `${address}/${addressBits(family)}`;
}
