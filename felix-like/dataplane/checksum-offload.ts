/** Keeps checksums of VXLAN devices where they come out right: with the kernel, if it or the configuration says so. */
import type { AgentConfig } from '../agent-api.ts';
import type { KernelLink, KernelPort } from '../kernel/kernel-port.ts';
import { RetrySchedule } from '../routetable/retry-schedule.ts';
import type { Clock } from './clock.ts';
import type { ErrorLog } from './error-log.ts';

export class ChecksumOffload {
  readonly #clock: Clock;
  readonly #errors: ErrorLog;
  /** What was set, by index of the link: devices are made with offload on. */
  readonly #set = new Map<number, boolean>();
  readonly #retries = new RetrySchedule<string>();

  constructor(clock: Clock, errors: ErrorLog) {
    this.#clock = clock;
    this.#errors = errors;
  }

  get refusedCount(): number {
    return this.#retries.size;
  }

  /** When to try again what was refused, milliseconds of the clock, or null. */
  nextMs(): number | null {
    return this.#retries.nextMs();
  }

  async apply(kernel: KernelPort, { tunnels }: AgentConfig, links: readonly KernelLink[]): Promise<void> {
    const nowMs = this.#clock.now();
    for (const index of this.#set.keys())
      if (!links.some((link) => link.index === index)) this.#set.delete(index);
    for (const tunnel of Object.values(tunnels.vxlan)) {
      const link = links.find(({ name, kind }) => name === tunnel?.interfaceName && kind === 'vxlan');
      if (tunnel === null || link === undefined || this.#retries.isWaiting(link.name, nowMs)) continue;
      const isWanted = tunnel.checksumOffload ?? !kernel.hasBrokenOffload;
      if ((this.#set.get(link.index) ?? true) === isWanted) continue;
      const failure = await kernel.setChecksumOffload(link.name, isWanted);
      if (failure === null) {
        this.#set.set(link.index, isWanted);
        this.#retries.clear(link.name);
      } else {
        const text = `checksum offload cannot be turned ${isWanted ? 'on' : 'off'}: ${failure.text}`;
        this.#retries.onRefused(link.name, text, nowMs);
        this.#errors.add({ object: `interface ${link.name}`, text });
      }
    }
  }
}
