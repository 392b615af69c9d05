/**
 * Addresses that packets take another way to. Connections that the kernel tracks hold the old way and its address
 * translation, and must be forgotten: before a new way is written; and where there is none any more after the old
 * one went, or packets under way would be tracked anew.
 *
 * A workload whose interface goes away and comes back has not moved, whatever happened to its route meanwhile; so
 * ways to workloads are remembered beyond their routes.
 */
import type { RouteWrites } from '../kernel/kernel-port.ts';
import { PrefixKey } from '../prefix/prefix-key.ts';
import type { KernelRoute, RouteTarget } from '../routetable/route-key.ts';

/** Writes, with what they take the place of. */
export interface ReplacingWrites extends Pick<RouteWrites, 'length' | 'op' | 'target' | 'readPrefix'> {
  /** What the kernel has now, as far as is known. */
  actual(i: number): RouteTarget | null;
}

export class MovedAddresses {
  /** Last way to the addresses of the workloads of this node, by prefix. */
  readonly #ways = new Map<string, string>();
  readonly #key = new PrefixKey();
  readonly #moved = new Set<string>();
  readonly #removed = new Set<string>();

  /**
   * A prefix was settled.
   * @param reasonOf why anything leads there, or null; asked only where it matters: of a hundred thousand routes
   *   of other nodes nearly none concerns a workload of this one
   */
  onSettled(prefix: string, route: KernelRoute | null, reasonOf: (prefix: string) => string | null): void {
    const before = this.#ways.get(prefix);
    if (before === undefined && (route === null || !leadsToLink(route))) return;
    const reason = reasonOf(prefix);
    if (reason === 'workload') {
      if (route === null) return;
      const way = wayOf(route.target);
      if (before !== undefined && before !== way) this.#moved.add(addressOf(prefix));
      this.#ways.set(prefix, way);
    } else if (before !== undefined) {
      this.#ways.delete(prefix);
      (reason === null ? this.#removed : this.#moved).add(addressOf(prefix));
    }
  }

  /** A batch is about to be sent; what it replaces or deletes may come from an earlier process. */
  onBatch(batch: ReplacingWrites, isWanted: (prefix: string) => boolean): void {
    for (let i = 0; i < batch.length; i++) {
      const before = batch.actual(i);
      if (before === null || !batch.readPrefix(i, this.#key).isHost) continue;
      if (batch.op(i) === 'delete') {
        const prefix = this.#key.text();
        if (!isWanted(prefix)) this.#removed.add(addressOf(prefix));
      } else if (wayOf(before) !== wayOf(batch.target(i))) this.#moved.add(addressOf(this.#key.text()));
    }
  }

  /** To be forgotten before what comes next is written. */
  takeMoved(): readonly string[] {
    return take(this.#moved);
  }

  /** To be forgotten once everything is written. */
  takeRemoved(): readonly string[] {
    return take(this.#removed);
  }
}

function take(addresses: Set<string>): readonly string[] {
  const taken = [...addresses];
  addresses.clear();
  return taken;
}

function addressOf(prefix: string): string {
  return prefix.slice(0, prefix.indexOf('/'));
}

function leadsToLink({ target }: KernelRoute): boolean {
  return target.type === 'unicast' && target.nextHops[0]?.gateway === null;
}

function wayOf({ nextHops }: RouteTarget): string {
  return nextHops.map(({ gateway, interfaceIndex }) => `${interfaceIndex} ${gateway}`).join();
}
