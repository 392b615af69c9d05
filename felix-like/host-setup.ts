/** What the agent sets up on the host beside routes: hands configuration and facts to the managers, and their status back. */
import { FAMILIES } from '@manul/bgp/net';
import type { AgentConfig, AgentStatus, KernelWriteEvent } from './agent-api.ts';
import type { Clock } from './dataplane/clock.ts';
import type { ErrorLog } from './dataplane/error-log.ts';
import type { Logger } from './dataplane/logger.ts';
import type { MtuStatus } from './host-api.ts';
import type { CommandPort } from './kernel/command-port.ts';
import { deriveMtu, type MtuLink } from './mtu/derive-mtu.ts';
import { NftManager } from './nft/nft-manager.ts';
import { nftTable, type TunnelFilter } from './nft/nft-rules.ts';

export interface HostSetupParts {
  readonly commands: CommandPort;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: ErrorLog;
  readonly onWrite: (event: KernelWriteEvent) => void;
}

export class HostSetup {
  readonly #nftables: NftManager;
  #config: AgentConfig | null = null;
  #links: readonly MtuLink[] | null = null;

  constructor({ commands, clock, logger, errors, onWrite }: HostSetupParts) {
    this.#nftables = new NftManager({
      commands,
      clock,
      logger,
      onError: (problem) => errors.add(problem),
      onWrite: (result) => onWrite({ op: 'nftables', result, count: 1 }),
    });
  }

  setConfig(config: AgentConfig): void {
    this.#config = config;
    const filter = tunnelFilter(config);
    this.#nftables.setDesired({
      table: nftTable(config.nat, filter),
      neededFor: neededFor(config),
      forwardPrefixes: filter.workloadInterfaces,
    });
  }

  setLinks(links: readonly MtuLink[]): void {
    this.#links = links;
  }

  /** Null before configuration and links are known. */
  mtu(): MtuStatus | null {
    return this.#config === null || this.#links === null ? null : deriveMtu(this.#config, this.#links);
  }

  /** Someone changed nftables where it concerns us. */
  onNftablesChange(): void {
    this.#nftables.onChange();
  }

  get isSettled(): boolean {
    const { state } = this.#nftables.status();
    return state === 'inSync' || state === 'off' || state === 'unavailable';
  }

  /** Nftables is needed, and cannot be written. */
  get isRefused(): boolean {
    return this.#nftables.status().state === 'failed';
  }

  status(): Pick<AgentStatus, 'nftables' | 'mtu'> {
    return { nftables: this.#nftables.status(), mtu: this.mtu() };
  }

  /** What was set up stays. */
  async close(): Promise<void> {
    await this.#nftables.close();
  }
}

/** What a node with such a configuration cannot do without nftables. */
function neededFor({ nat, tunnels }: AgentConfig): string[] {
  const hasTunnel = tunnels.ipip !== null || FAMILIES.some((family) => tunnels.vxlan[family] !== null);
  return [
    ...(nat.sources.length > 0 ? ['translation of what leaves the pools (natOutgoing)'] : []),
    ...(hasTunnel ? ['filter in front of the tunnels'] : []),
  ];
}

/** Tunnel packets come from the other nodes, and from where FelixConfiguration says. */
function tunnelFilter(config: AgentConfig): TunnelFilter {
  const { tunnels, remoteNodes, tunnelFilter: filter, interfacePrefixes } = config;
  const hasWorkloads = config.workloads.length > 0 || config.pools.length > 0;
  return {
    ipip: tunnels.ipip?.interfaceName ?? null,
    vxlan: tunnels.vxlan,
    sources: [
      ...remoteNodes.flatMap(({ addresses }) => FAMILIES.flatMap((family) => addresses[family] ?? [])),
      ...filter.externalSources,
    ],
    workloadInterfaces: hasWorkloads ? interfacePrefixes : [],
    vxlanPort: filter.vxlanPort,
    allowFromWorkloads: filter.allowFromWorkloads,
    foreignSources: config.workloads.flatMap(({ interfaceName, foreignSources: prefixes = [] }) =>
      prefixes.length === 0 ? [] : [{ interfaceName, prefixes }],
    ),
  };
}
