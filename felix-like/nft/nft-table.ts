/**
 * An nftables table as a value: what we want to stand in the kernel, in the terms of `nft` (nft(8)). Pure.
 *
 * A rule is known in the kernel by its comment, which ends with a hash of the rule's text: the text itself cannot be
 * compared, because `nft` shows rules in another form than they were given in.
 */
import { comparePrefixes, contains, formatPrefix, type Prefix, parsePrefix } from '@manul/bgp/net';

/** The only table of ours, in the family that holds rules for IPv4 and IPv6 together. */
export const TABLE = { family: 'inet', name: 'manul' } as const;

export interface NftRule {
  /** Without comment, `ip saddr @pools masquerade`. */
  readonly text: string;
  /** What the rule is for. */
  readonly comment: string;
}

/** A chain that packets pass at a hook (nft(8), "base chain"); its policy is always to accept. */
export interface NftChain {
  readonly name: string;
  readonly type: 'filter' | 'nat';
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
  readonly priority: number;
  readonly rules: readonly NftRule[];
}

/** A set of ranges of addresses. */
export interface NftSet {
  readonly name: string;
  readonly type: 'ipv4_addr' | 'ipv6_addr';
  /** Canonical prefixes, none inside another; see `setElements`. */
  readonly elements: readonly string[];
}

export interface NftTable {
  readonly sets: readonly NftSet[];
  /** Names of counters that rules count on: they keep their values while rules change. */
  readonly counters: readonly string[];
  readonly chains: readonly NftChain[];
}

/** Prefixes and addresses as elements of a set: host prefixes as addresses, what another holds left out. */
export function setElements(texts: readonly string[]): readonly string[] {
  const prefixes = texts.map((text) => parsePrefix(text, { mask: true })).filter((prefix) => prefix !== null);
  const kept: Prefix[] = [];
  // In this order whatever lies inside a prefix follows right behind it.
  for (const prefix of prefixes.sort(comparePrefixes)) {
    const last = kept.at(-1);
    if (last === undefined || !contains(last, prefix)) kept.push(prefix);
  }
  return kept.map(elementText);
}

/** As `nft` lists it: without the length where that is the whole address. */
export function elementText(prefix: Prefix): string {
  return formatPrefix(prefix).replace(prefix.family === 'ipv4' ? /\/32$/ : /\/128$/, '');
}

/** The comment by which the rule is found again. */
export function ruleComment({ text, comment }: NftRule): string {
  return `${comment} [${hashOf(text)}]`;
}

/** FNV-1a, 32 bits, as hexadecimal digits. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
