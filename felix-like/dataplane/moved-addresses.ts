/**
 * Addresses that packets take another way to. Connections that the kernel tracks hold the old way and its address
 * translation, and must be forgotten: before a new way is written; and where there is none any more after the old
 * one went, or packets under way would be tracked anew.
 *
 * A workload whose interface goes away and comes back has not moved, whatever happened to its route meanwhile; so
 * ways to workloads are remembered beyond their routes.
 */
import type { RouteBatch } from '../routetable/route-batch.ts';
import type { KernelRoute } from '../routetable/route-key.ts';

export class MovedAddresses {
  /** Last way to the addresses of the workloads of this node, by prefix. */
  readonly #ways = new Map<string, string>();
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
      const way = wayOf(route);
      if (before !== undefined && before !== way) this.#moved.add(addressOf(prefix));
      this.#ways.set(prefix, way);
    } else if (before !== undefined) {
      this.#ways.delete(prefix);
      (reason === null ? this.#removed : this.#moved).add(addressOf(prefix));
    }
  }

  /** A batch is about to be sent; what it replaces or deletes may come from an earlier process. */
  onBatch(batch: RouteBatch, isWanted: (prefix: string) => boolean): void {
    batch.operations.forEach(({ op, route }, i) => {
      const before = batch.slots[i]?.actual ?? null;
      if (before === null || !isHostPrefix(route.prefix)) return;
      if (op === 'delete') {
        if (!isWanted(route.prefix)) this.#removed.add(addressOf(route.prefix));
      } else if (wayOf(before) !== wayOf(route)) this.#moved.add(addressOf(route.prefix));
    });
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

function isHostPrefix(prefix: string): boolean {
  return prefix.endsWith(prefix.includes(':') ? '/128' : '/32');
}

function addressOf(prefix: string): string {
  return prefix.slice(0, prefix.indexOf('/'));
}

function leadsToLink({ target }: KernelRoute): boolean {
  return target.type === 'unicast' && target.nextHops[0]?.gateway === null;
}

function wayOf({ target }: KernelRoute): string {
  return target.nextHops.map(({ gateway, interfaceIndex }) => `${interfaceIndex} ${gateway}`).join();
}
