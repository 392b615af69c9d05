/**
 * The tunnel devices and the addresses on them, reconciled. What the links are is read elsewhere; here each pass
 * compares and asks for what differs.
 *
 * Ours is `tunl0` while it is wanted, with all its IPv4 addresses (the device itself cannot be deleted, and stays),
 * and any VXLAN device of our names. A device that nobody wants any more stays for a while: other nodes that have
 * not heard yet still send to it.
 */
import type { DevicePlan } from '../calc/tunnel-plan.ts';
import type {
  KernelAddress,
  KernelLink,
  KernelPort,
  LinkChange,
  ObjectOperation,
  OperationFailure,
} from '../kernel/kernel-port.ts';
import { RetrySchedule } from '../routetable/retry-schedule.ts';
import type { Clock } from './clock.ts';
import type { ErrorLog } from './error-log.ts';
import { isSameVxlan } from './link-state.ts';

/** Names of devices that are ours, whoever made them: Calico's, too. */
const IPIP_NAME = 'tunl0';
const VXLAN_NAMES: readonly string[] = ['vxlan.calico', 'vxlan-v6.calico'];
/** How long a device stays that nobody wants any more. */
const GRACE_MS = 5000;
/** A step that is done so often within a second has no effect, or somebody else undoes it at once. */
const MAX_STEPS_PER_SECOND = 5;

export interface DeviceFacts {
  readonly links: readonly KernelLink[];
  readonly addresses: readonly KernelAddress[];
  /** Routes do not need what is unwanted any more. */
  readonly mayRemove: boolean;
  /** Addresses of tunnels lie in these: what is on `tunl0` of them is ours even while it is not wanted. */
  readonly isPoolAddress: (address: string) => boolean;
}

export interface ObjectCounts {
  readonly written: number;
  readonly failed: number;
}

/** What one device lacks, in the order in which it is to be done. */
interface Step {
  readonly name: string;
  readonly what: string;
  readonly operation: ObjectOperation;
}

export class TunnelDevices {
  readonly #clock: Clock;
  readonly #errors: ErrorLog;
  readonly #retries = new RetrySchedule<string>();
  readonly #unwantedSinceMs = new Map<string, number>();
  /** How often each step was done since when. */
  readonly #done = new Map<string, { readonly sinceMs: number; readonly count: number }>();
  /** Wanted devices about which nothing can be done, and why. */
  readonly #blocked = new Map<string, string>();
  #plans: readonly DevicePlan[] = [];
  #isInSync = true;

  constructor(clock: Clock, errors: ErrorLog) {
    this.#clock = clock;
    this.#errors = errors;
  }

  /** Every device is as it should be, as far as the last `apply` saw. */
  get isInSync(): boolean {
    return this.#isInSync;
  }

  /** Devices about which nothing can be done now, or that the kernel refuses. */
  get refusedCount(): number {
    return this.#blocked.size + this.#retries.size;
  }

  get plans(): readonly DevicePlan[] {
    return this.#plans;
  }

  setPlans(plans: readonly DevicePlan[]): void {
    this.#plans = plans;
  }

  /** Why a device is not as it should be, or null. */
  error(name: string): string | null {
    return this.#blocked.get(name) ?? this.#retries.error(name);
  }

  /** When to look again, milliseconds of the clock, or null. */
  nextMs(): number | null {
    const dueMs = [...this.#unwantedSinceMs.values()].map((sinceMs) => sinceMs + GRACE_MS);
    const retryMs = this.#retries.nextMs();
    if (retryMs !== null) dueMs.push(retryMs);
    return dueMs.length === 0 ? null : Math.min(...dueMs);
  }

  /** Something changed that may have been the reason for a refusal. */
  hurryRetries(): void {
    this.#retries.hurry(this.#clock.now());
  }

  /** One pass. @returns what was asked of the kernel; after that, links must be read anew */
  async apply(kernel: KernelPort, facts: DeviceFacts): Promise<ObjectCounts> {
    const nowMs = this.#clock.now();
    this.#blocked.clear();
    const wanted = this.#plans.flatMap((plan) => this.#stepsFor(plan, facts));
    const unwanted = this.#stepsAgainst(facts, nowMs);
    this.#isInSync = wanted.length === 0 && this.#blocked.size === 0;
    const steps = [...wanted, ...unwanted].filter(({ name }) => !this.#retries.isWaiting(name, nowMs));
    if (steps.length === 0) return { written: 0, failed: 0 };
    const failures = await kernel.applyObjects(steps.map(({ operation }) => operation));
    this.#onOutcome(steps, failures, nowMs);
    return { written: steps.length - failures.length, failed: failures.length };
  }

  #onOutcome(steps: readonly Step[], failures: readonly OperationFailure[], nowMs: number): void {
    const refused = new Map(failures.map((failure) => [failure.index, failure]));
    const told = new Set<string>();
    steps.forEach(({ name, what }, index) => {
      const failure = refused.get(index);
      if (failure === undefined || told.has(name)) return;
      told.add(name);
      const text = `cannot be ${what}: ${failure.text}`;
      this.#retries.onRefused(name, text, nowMs);
      this.#errors.add({ object: `interface ${name}`, text });
    });
    for (const step of steps) if (!told.has(step.name)) this.#onDone(step, nowMs);
  }

  #onDone({ name, what }: Step, nowMs: number): void {
    const key = `${name} ${what}`;
    const before = this.#done.get(key);
    const isRecent = before !== undefined && nowMs - before.sinceMs < 1000;
    const after = isRecent ? { ...before, count: before.count + 1 } : { sinceMs: nowMs, count: 1 };
    this.#done.set(key, after);
    if (after.count < MAX_STEPS_PER_SECOND) this.#retries.clear(name);
    else this.#retries.onRefused(name, `is ${what} again and again, without effect`, nowMs);
  }

  #stepsFor(plan: DevicePlan, facts: DeviceFacts): Step[] {
    const { name, link: wanted, problem } = plan;
    this.#unwantedSinceMs.delete(name);
    if (wanted === null) {
      return this.#block(name, problem ?? 'cannot be made');
    }
    const link = facts.links.find((candidate) => candidate.name === name);
    if (link === undefined) {
      return [{ name, what: 'made', operation: { kind: 'link', op: 'create', link: wanted } }];
    }
    if (link.kind !== plan.kind) {
      const text = `is wanted as ${plan.kind}, and exists as ${link.kind ?? 'another kind'}: it is left alone`;
      return this.#block(name, text);
    }
    const interfaceIndex = link.index;
    if (wanted.kind === 'vxlan' && !isSameVxlan(link.vxlan, wanted.vxlan)) {
      return [{ name, what: 'made anew', operation: { kind: 'link', op: 'delete', interfaceIndex } }];
    }
    const steps: Step[] = [];
    const change = changeOf(link, wanted);
    if (change !== null) {
      steps.push({
        name,
        what: 'changed',
        operation: { kind: 'link', op: 'change', interfaceIndex, change },
      });
    }
    return [...steps, ...addressSteps(plan, link, facts)];
  }

  /** Nothing can be done about a device for now. */
  #block(name: string, text: string): Step[] {
    this.#blocked.set(name, text);
    this.#errors.add({ object: `interface ${name}`, text });
    return [];
  }

  /** Devices that are ours and that no plan wants. */
  #stepsAgainst({ links, addresses, mayRemove, isPoolAddress }: DeviceFacts, nowMs: number): Step[] {
    const wantedNames = new Set(this.#plans.map(({ name }) => name));
    const steps: Step[] = [];
    for (const { name, kind, index: interfaceIndex } of links) {
      if (wantedNames.has(name)) continue;
      if (kind === 'vxlan' && VXLAN_NAMES.includes(name)) {
        steps.push({ name, what: 'deleted', operation: { kind: 'link', op: 'delete', interfaceIndex } });
      } else if (kind === 'ipip' && name === IPIP_NAME) {
        for (const address of addresses) {
          if (address.interfaceIndex !== interfaceIndex || !isPoolAddress(address.address)) continue;
          steps.push({ name, what: 'cleared', operation: { kind: 'address', op: 'delete', address } });
        }
      }
    }
    const unwanted = new Set(steps.map(({ name }) => name));
    for (const name of this.#unwantedSinceMs.keys())
      if (!unwanted.has(name)) this.#unwantedSinceMs.delete(name);
    return steps.filter(({ name }) => {
      const sinceMs = this.#unwantedSinceMs.get(name) ?? nowMs;
      this.#unwantedSinceMs.set(name, sinceMs);
      return mayRemove && nowMs - sinceMs >= GRACE_MS;
    });
  }
}

/** What can be changed in place, as far as it differs; null: nothing. */
function changeOf(link: KernelLink, wanted: NonNullable<DevicePlan['link']>): LinkChange | null {
  const change: LinkChange = {
    ...(wanted.mtu !== null && wanted.mtu !== link.mtu ? { mtu: wanted.mtu } : {}),
    ...(wanted.kind === 'vxlan' && wanted.mac !== link.mac ? { mac: wanted.mac } : {}),
    ...(link.isUp ? {} : { isUp: true }),
  };
  return Object.keys(change).length === 0 ? null : change;
}

/** The own address, then the removal of others: a device has one source address. */
function addressSteps({ name, address, family }: DevicePlan, link: KernelLink, facts: DeviceFacts): Step[] {
  const present = facts.addresses.filter(
    (entry) =>
      entry.interfaceIndex === link.index &&
      entry.address.includes(':') === (family === 'ipv6') &&
      !isLinkLocal(entry.address),
  );
  const isWanted = (entry: KernelAddress): boolean =>
    address !== null && `${entry.address}/${entry.subnet.split('/')[1]}` === address;
  const steps: Step[] = [];
  if (address !== null && !present.some(isWanted)) {
    const added = { interfaceIndex: link.index, address: address.split('/')[0]!, subnet: address };
    steps.push({
      name,
      what: `given the address ${address}`,
      operation: { kind: 'address', op: 'add', address: added },
    });
  }
  for (const entry of present) {
    if (isWanted(entry)) continue;
    const what = `rid of the address ${entry.address}`;
    steps.push({ name, what, operation: { kind: 'address', op: 'delete', address: entry } });
  }
  return steps;
}

function isLinkLocal(address: string): boolean {
  return address.startsWith('fe80:');
}
