/**
 * Everything in the kernel that is neither route nor parameter: tunnel devices, their addresses, those that
 * workloads dial, and neighbour entries. Works out what is wanted from configuration and links, and has it made and kept.
 */
import { containsAddress, parseAddress, parsePrefix } from '@manul/bgp/net';
import type { AgentConfig, DeviceStatus, KernelWriteEvent } from '../agent-api.ts';
import type { DevicePlan } from '../calc/tunnel-plan.ts';
import type { KernelLink, KernelNeighbour, KernelPort } from '../kernel/kernel-port.ts';
import { ChecksumOffload } from './checksum-offload.ts';
import type { Clock } from './clock.ts';
import type { ErrorLog } from './error-log.ts';
import type { LinkState } from './link-state.ts';
import { type NeighbourScope, NeighbourTable } from './neighbour-table.ts';
import { PeeringAddresses } from './peering-addresses.ts';
import { type ObjectCounts, TunnelDevices } from './tunnel-devices.ts';

export interface OverlaySetupParts {
  readonly clock: Clock;
  readonly errors: ErrorLog;
  readonly links: LinkState;
  /** The devices that `config` asks for, on links as they are. */
  readonly plan: (config: AgentConfig, links: readonly KernelLink[]) => readonly DevicePlan[];
  readonly onWrite: (event: KernelWriteEvent) => void;
}

export class OverlaySetup {
  readonly #parts: OverlaySetupParts;
  readonly #devices: TunnelDevices;
  readonly #peering: PeeringAddresses;
  readonly #neighbours: NeighbourTable;
  readonly #offload: ChecksumOffload;
  #isPlanned = false;

  constructor(parts: OverlaySetupParts) {
    this.#parts = parts;
    this.#devices = new TunnelDevices(parts.clock, parts.errors);
    this.#peering = new PeeringAddresses(parts.clock, parts.errors);
    this.#neighbours = new NeighbourTable(parts.clock, parts.errors);
    this.#offload = new ChecksumOffload(parts.clock, parts.errors);
  }

  get isInSync(): boolean {
    return this.#devices.isInSync && this.#peering.isInSync && this.#neighbours.isInSync;
  }

  get refused(): { readonly device: number; readonly neighbour: number } {
    const device = this.#devices.refusedCount + this.#peering.refusedCount + this.#offload.refusedCount;
    return { device, neighbour: this.#neighbours.refusedCount };
  }

  /** Configuration, links or addresses are others now. */
  onChange(): void {
    this.#isPlanned = false;
    this.#devices.hurryRetries();
    this.#peering.hurryRetries();
  }

  /** @returns true when that makes something to be done */
  onNeighbourEvent(isDeleted: boolean, neighbour: KernelNeighbour): boolean {
    return this.#neighbours.onEvent(isDeleted, neighbour);
  }

  /** What is known of neighbours may be wrong: those of one link, or all. */
  markStale(interfaceIndex: number | null): void {
    this.#neighbours.markStale(interfaceIndex);
  }

  /** When to look again, milliseconds of the clock, or null. */
  nextMs(): number | null {
    const parts = [this.#devices, this.#peering, this.#neighbours, this.#offload];
    const dueMs = parts.map((part) => part.nextMs()).filter((ms) => ms !== null);
    return dueMs.length === 0 ? null : Math.min(...dueMs);
  }

  /**
   * Makes what is missing, and, where routes allow it, removes what is not wanted.
   * @returns true when links or addresses changed, and must be read anew
   */
  async apply(kernel: KernelPort, config: AgentConfig, mayRemove: boolean): Promise<boolean> {
    const { links } = this.#parts;
    const isPoolAddress = (address: string): boolean => isInside(config.pools, address);
    if (!this.#isPlanned) this.#plan(config);
    const facts = { links: links.links(), addresses: links.addresses(), mayRemove, isPoolAddress };
    const devices = await this.#devices.apply(kernel, facts);
    const peering = await this.#peering.apply(kernel, config, facts.links, facts.addresses);
    for (const counts of [devices, peering]) this.#report('link', counts);
    if (devices.written + peering.written > 0) {
      links.markStale();
      return true;
    }
    await this.#offload.apply(kernel, config, links.links());
    this.#report('neighbour', await this.#neighbours.apply(kernel, mayRemove));
    return false;
  }

  status(): readonly DeviceStatus[] {
    const links = this.#parts.links.links();
    const addresses = this.#parts.links.addresses();
    return this.#devices.plans.map(({ name, kind, link: wanted, problem, address, neighbours }) => {
      const link = links.find((candidate) => candidate.name === name);
      const own = addresses.filter(({ interfaceIndex }) => interfaceIndex === link?.index);
      const error = problem ?? this.#devices.error(name);
      return {
        interfaceName: name,
        kind,
        isPresent: link !== undefined,
        isUp: link?.isUp ?? false,
        mtu: link?.mtu ?? wanted?.mtu ?? null,
        address: address?.split('/')[0] ?? null,
        addresses: own.map((entry) => entry.address),
        peers: neighbours.filter(({ table }) => table === 'fdb').length,
        error,
      };
    });
  }

  #plan(config: AgentConfig): void {
    this.#isPlanned = true;
    const links = this.#parts.links.links();
    const plans = this.#parts.plan(config, links);
    this.#devices.setPlans(plans);
    const byName = new Map(links.map((link) => [link.name, link]));
    const scopes: NeighbourScope[] = [];
    const wanted: KernelNeighbour[] = [];
    for (const { name, kind, neighbours } of plans) {
      const link = byName.get(name);
      if (kind !== 'vxlan' || link?.kind !== kind || !link.isUp) continue;
      const { index: interfaceIndex } = link;
      for (const table of ['fdb', 'ip'] as const) scopes.push({ table, interfaceIndex, interfaceName: name });
      wanted.push(...neighbours.map((entry) => ({ ...entry, interfaceIndex, isPermanent: true })));
    }
    this.#planWorkloads(config, byName, scopes, wanted);
    this.#neighbours.setDesired(scopes, wanted);
  }

  /** Of workloads whose MAC is known nobody needs to ask for it; over IPv4, as in Calico. */
  #planWorkloads(
    { workloads }: AgentConfig,
    byName: ReadonlyMap<string, KernelLink>,
    scopes: NeighbourScope[],
    wanted: KernelNeighbour[],
  ): void {
    for (const { interfaceName, mac, addresses } of workloads) {
      const link = byName.get(interfaceName);
      if (mac === null || link === undefined || !link.isUp) continue;
      const { index: interfaceIndex } = link;
      scopes.push({ table: 'ip', interfaceIndex, interfaceName });
      for (const prefix of addresses) {
        if (prefix.includes(':')) continue;
        wanted.push({ table: 'ip', interfaceIndex, address: prefix.split('/')[0]!, mac, isPermanent: true });
      }
    }
  }

  #report(op: 'link' | 'neighbour', { written, failed }: ObjectCounts): void {
    const { onWrite } = this.#parts;
    if (written > 0) onWrite({ op, result: 'ok', count: written });
    if (failed > 0) onWrite({ op, result: 'error', count: failed });
  }
}

function isInside(pools: AgentConfig['pools'], address: string): boolean {
  const bytes = parseAddress(address);
  return pools.some(({ prefix: text }) => {
    const pool = parsePrefix(text, { mask: true });
    return bytes !== null && pool !== null && containsAddress(pool, bytes);
  });
}
