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
  const onWorkloads = links.filter(({ name }) => isWorkloadInterface(name, interfacePrefixes));
  const present = new Set<string>();
  const steps: Step[] = [];
  for (const { interfaceName, address } of ownPeeringAddresses(onWorkloads, addresses)) {
    const prefix = address.subnet;
    const key = `${interfaceName} ${prefix}`;
    present.add(key);
    if (wanted.get(interfaceName)?.includes(prefix) === true) continue;
    steps.push({
      key,
      interfaceName,
      what: `rid of ${prefix}`,
      operation: { kind: 'address', op: 'delete', address },
    });
  }
  for (const { index: interfaceIndex, name: interfaceName } of onWorkloads) {
    for (const subnet of wanted.get(interfaceName) ?? []) {
      const key = `${interfaceName} ${subnet}`;
      if (present.has(key)) continue;
      const address = { interfaceIndex, address: subnet.slice(0, subnet.indexOf('/')), subnet };
      steps.push({
        key,
        interfaceName,
        what: `given ${subnet}`,
        operation: { kind: 'address', op: 'add', address },
      });
    }
  }
  return steps;
}

export function isWorkloadInterface(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix));
}

/** Those of `addresses` that are ours. @param workloadLinks interfaces of workloads alone */
export function ownPeeringAddresses(
  workloadLinks: readonly KernelLink[],
  addresses: readonly KernelAddress[],
): { readonly interfaceName: string; readonly address: KernelAddress }[] {
  const names = new Map(workloadLinks.map(({ index, name }) => [index, name]));
  return addresses.flatMap((address) => {
    const interfaceName = names.get(address.interfaceIndex);
    const isOurs = interfaceName !== undefined && address.subnet === hostPrefix(address.address);
    return isOurs ? [{ interfaceName, address }] : [];
  });
}

/** The prefix of this address alone; null of those that each IPv6 interface has by itself. */
function hostPrefix(address: string): string | null {
  const family = addressFamily(address);
  return family === null || isLinkLocal(address) ? null : `${address}/${addressBits(family)}`;
}
