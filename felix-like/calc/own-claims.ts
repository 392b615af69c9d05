/** What the configuration itself claims on this node: addresses of workloads, blocks, and routes to BGP neighbors. */
import { addressBits, contains, formatPrefix, type Prefix, parsePrefix } from '@manul/bgp/net';
import type { AgentConfig } from '../agent-api.ts';

export interface WorkloadClaim {
  /** Resource, for messages. */
  readonly name: string;
  readonly interfaceName: string;
}

/** Something that cannot be done as it is wanted. */
export interface Problem {
  readonly object: string;
  readonly text: string;
}

export type ClaimsConfig = Pick<AgentConfig, 'workloads' | 'blocks' | 'serviceRanges' | 'gatewayRoutes'>;

export class OwnClaims {
  /** By host prefix; several workloads may claim one address. */
  readonly workloads = new Map<string, WorkloadClaim[]>();
  /** Resources by block. */
  readonly blocks = new Map<string, string>();
  /** Gateways by the host prefix that they lead to. */
  readonly gateways = new Map<string, string>();
  /** All ranges of service addresses, as one text to compare. */
  readonly serviceRanges: string;
  readonly problems: Problem[] = [];
  /** Prefixes that this node may announce, sorted: its blocks, and addresses borrowed from the blocks of others. */
  readonly announcements: readonly string[];
  readonly #blockPrefixes: Prefix[] = [];
  readonly #servicePrefixes: readonly Prefix[];

  constructor(config: ClaimsConfig) {
    for (const { name, interfaceName, addresses } of config.workloads) {
      for (const text of addresses) this.#addWorkload(name, interfaceName, text);
    }
    for (const { prefix, resource } of config.blocks) this.#addBlock(prefix, resource);
    for (const { prefix, gateway } of config.gatewayRoutes) this.gateways.set(prefix, gateway);
    this.serviceRanges = config.serviceRanges.join(' ');
    this.#servicePrefixes = config.serviceRanges.flatMap((text) => parsePrefix(text) ?? []);
    this.announcements = [...this.blocks.keys(), ...this.#borrowed()].sort();
  }

  /** The block of this node that `prefix` lies in, shorter than it, or null. */
  blockAround(prefix: Prefix): string | null {
    const block = this.#blockPrefixes.find(
      (outer) => outer.length < prefix.length && contains(outer, prefix),
    );
    return block === undefined ? null : formatPrefix(block);
  }

  isServiceAddress(prefix: Prefix): boolean {
    return this.#servicePrefixes.some((range) => contains(range, prefix));
  }

  #borrowed(): readonly string[] {
    return [...this.workloads.keys()].filter((text) => {
      const prefix = parsePrefix(text);
      return prefix !== null && !this.blocks.has(text) && this.blockAround(prefix) === null;
    });
  }

  #addWorkload(name: string, interfaceName: string, text: string): void {
    const prefix = parsePrefix(text);
    if (prefix === null || prefix.length !== addressBits(prefix.family)) {
      this.problems.push({ object: `workload ${name}`, text: `${text} is not a host address` });
      return;
    }
    const key = formatPrefix(prefix);
    const claims = this.workloads.get(key) ?? [];
    claims.push({ name, interfaceName });
    this.workloads.set(key, claims);
  }

  #addBlock(text: string, resource: string): void {
    const prefix = parsePrefix(text);
    if (prefix === null) {
      this.problems.push({ object: `block ${text}`, text: 'is not a prefix' });
      return;
    }
    this.blocks.set(formatPrefix(prefix), resource);
    this.#blockPrefixes.push(prefix);
  }
}
