/** Reads routes back from the kernel: our own, those of others that hold our keys, and the ways to next hops. */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { NextHopRoutes } from '../calc/next-hop-routes.ts';
import type { RouteCalculator } from '../calc/route-calculator.ts';
import type { KernelPort } from '../kernel/kernel-port.ts';
import { MAIN_TABLE } from '../routetable/route-key.ts';
import type { RouteTable } from '../routetable/route-table.ts';
import { ResyncPlan } from './resync-plan.ts';

export interface RouteReaderParts {
  readonly kernel: KernelPort;
  readonly calculator: RouteCalculator;
  readonly table: RouteTable;
}

export class RouteReader {
  readonly #parts: RouteReaderParts;
  readonly #plan = new ResyncPlan();
  /** Protocol numbers that our routes have, or had before in the life of this process. */
  readonly #protocols = new Set<number>();

  /** Routes of others to workloads matter, and nobody has looked for them yet. */
  #isExternalDue = false;

  constructor(parts: RouteReaderParts) {
    this.#parts = parts;
  }

  get isDue(): boolean {
    return this.#plan.isDue;
  }

  requestFull(): void {
    this.#plan.requestFull();
  }

  /** Reads the routes of others, too, once: from then on, events tell of them. */
  requestExternal(): void {
    this.#isExternalDue = true;
    this.#plan.requestFull();
  }

  requestInterfaces(indexes: readonly number[]): void {
    this.#plan.requestInterfaces(indexes);
  }

  isOurProtocol(protocol: number): boolean {
    return this.#protocols.has(protocol);
  }

  /** @returns all protocol numbers of ours, the present one first */
  addProtocol(protocol: number): readonly number[] {
    this.#protocols.delete(protocol);
    const protocols = [protocol, ...this.#protocols];
    this.#protocols.add(protocol);
    return protocols;
  }

  /** Reads our routes back, as far as that is due; with those of others where it must. Nothing may be under way. */
  async read(): Promise<void> {
    const { table } = this.#parts;
    for (const interfaceIndex of this.#plan.take()) {
      const isExternalDue = interfaceIndex === null && this.#isExternalDue;
      if (isExternalDue) this.#isExternalDue = false;
      for (const family of FAMILIES) {
        // A link that goes down takes the routes of others along as silently as ours.
        const readsAll = isExternalDue || table.dependsOnOthers(family);
        await this.#dump(family, interfaceIndex, readsAll ? [null] : [...this.#protocols]);
      }
    }
  }

  /** Who holds the keys that the kernel says are taken? */
  async lookUpHolders(): Promise<void> {
    for (const family of this.#parts.table.familiesToLookUp()) await this.#dump(family, null, [null]);
  }

  /** The way to next hops that are on no connected subnet. */
  async readForeign(): Promise<void> {
    const { calculator, kernel } = this.#parts;
    calculator.pruneForeignRoutes();
    const reading = calculator.foreign.beginRead(({ target }) => this.#protocols.has(target.protocol));
    for (const family of calculator.foreign.families()) {
      const filter = { family, table: MAIN_TABLE, protocol: null, interfaceIndex: null };
      await kernel.dumpRoutes(filter, reading.take);
    }
    reading.finish();
    calculator.onForeignRoutes();
  }

  /** The routes of others, as far as the ways to next hops want them. */
  async readWays(ways: NextHopRoutes): Promise<void> {
    const interfaces = ways.stale === null ? [null] : [...ways.stale];
    const take = ways.beginRead(({ target }) => this.#protocols.has(target.protocol));
    for (const interfaceIndex of interfaces) {
      for (const family of FAMILIES) {
        const filter = { family, table: MAIN_TABLE, protocol: null, interfaceIndex };
        await this.#parts.kernel.dumpRoutes(filter, take);
      }
    }
  }

  async #dump(
    family: Family,
    interfaceIndex: number | null,
    protocols: readonly (number | null)[],
  ): Promise<void> {
    const { kernel, table } = this.#parts;
    table.beginResync();
    for (const protocol of protocols) {
      const filter = { family, table: MAIN_TABLE, protocol, interfaceIndex };
      await kernel.readRoutes(filter, (routes) => table.observe(routes));
    }
    const scope = { family, interfaceIndex, everyProtocol: protocols.includes(null) };
    for (const _ of table.finishResync(scope)) await nextTurn();
  }
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
