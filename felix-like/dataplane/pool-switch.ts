/**
 * Pools that begin to use a tunnel while pods talk. All nodes hear of it at about the same time; one that sends into
 * its new tunnel at once may be ahead of the other's device, and what it sends is lost. So such a pool keeps its old
 * encapsulation for a while, and the tunnel that this one goes over; everything else of the new configuration
 * (devices, addresses, neighbours, filter) is in force at once.
 */
import type { AgentConfig, AgentPool, TunnelConfig } from '../agent-api.ts';
import { familyOfPrefix } from '../routetable/route-key.ts';
import type { Clock, Timer } from './clock.ts';

/** From the first configuration with the device on: what other nodes have to hear of it, and to make theirs. */
const LEAD_MS = 5000;

interface HeldPool {
  readonly encapsulation: AgentPool['encapsulation'];
  /** Milliseconds of the clock. */
  readonly untilMs: number;
}

export class PoolSwitch {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  readonly #held = new Map<string, HeldPool>();
  #before: AgentConfig | null = null;
  #timer: Timer | null = null;

  /** @param onDue a pool need not wait any longer: the configuration is to be taken again */
  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get isWaiting(): boolean {
    return this.#held.size > 0;
  }

  /** @returns `config` as it is to be in force now */
  take(config: AgentConfig): AgentConfig {
    const nowMs = this.#clock.now();
    const before = this.#before;
    const pools = new Map(config.pools.map((pool) => [pool.prefix, pool]));
    for (const [prefix, { encapsulation, untilMs }] of this.#held) {
      const wanted = pools.get(prefix)?.encapsulation;
      if (wanted === undefined || wanted === encapsulation || untilMs <= nowMs) this.#held.delete(prefix);
    }
    for (const { prefix, encapsulation } of before?.pools ?? []) {
      const pool = pools.get(prefix);
      if (pool === undefined || pool.encapsulation === encapsulation || this.#held.has(prefix)) continue;
      if (hasDevice(config, pool) && !hasDevice(before!, pool))
        this.#held.set(prefix, { encapsulation, untilMs: nowMs + LEAD_MS });
    }
    this.#startTimer(nowMs);
    this.#before = {
      ...config,
      tunnels: this.#tunnelsOf(config),
      pools: config.pools.map((pool) => {
        const held = this.#held.get(pool.prefix);
        return held === undefined ? pool : { ...pool, encapsulation: held.encapsulation };
      }),
    };
    return this.#before;
  }

  close(): void {
    this.#timer?.cancel();
  }

  /** Those of `config`, and those that it lacks and pools still go over. */
  #tunnelsOf({ tunnels }: AgentConfig): TunnelConfig {
    const before = this.#before?.tunnels;
    if (before === undefined) return tunnels;
    let { ipip, vxlan } = tunnels;
    for (const [prefix, { encapsulation }] of this.#held) {
      if (encapsulation.startsWith('ipip')) ipip ??= before.ipip;
      if (!encapsulation.startsWith('vxlan')) continue;
      const family = familyOfPrefix(prefix);
      vxlan = { ...vxlan, [family]: vxlan[family] ?? before.vxlan[family] };
    }
    return { ipip, vxlan };
  }

  #startTimer(nowMs: number): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (!this.isWaiting) return;
    const dueMs = Math.min(...[...this.#held.values()].map(({ untilMs }) => untilMs));
    this.#timer = this.#clock.startTimer(dueMs - nowMs, this.#onDue);
  }
}

/** The tunnel device that the pool's encapsulation goes over is configured. */
function hasDevice({ tunnels }: AgentConfig, { prefix, encapsulation }: AgentPool): boolean {
  if (encapsulation === 'none') return false;
  if (encapsulation.startsWith('ipip')) return tunnels.ipip !== null;
  return tunnels.vxlan[familyOfPrefix(prefix)] !== null;
}
