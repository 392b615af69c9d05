/**
 * The host's own firewall, where it drops forwarded packets: Docker, for one, gives iptables' FORWARD chain the
 * policy DROP. No table of ours can overrule that, so accept rules with our comment go to the top of that chain,
 * one for each direction. Only iptables' chains are written to (of iptables-nft and iptables-legacy, IPv4 and IPv6).
 * Other chains that drop belong to an administrator's own rules: they are named in the status.
 */

import type { HostForwardStatus } from '../host-api.ts';
import { type CommandPort, commandFailure } from '../kernel/command-port.ts';
import { interfacePattern } from './interface-pattern.ts';
import { type NftDriver, NftMissing } from './nft-driver.ts';
import type { ListedChain } from './nft-listing.ts';
import { TABLE } from './nft-table.ts';

const COMMENT = 'manul:';
const FAMILIES = ['ip', 'ip6'] as const;
const LEGACY = [
  { program: 'iptables-legacy', tables: '/proc/net/ip_tables_names' },
  { program: 'ip6tables-legacy', tables: '/proc/net/ip6_tables_names' },
] as const;

/** What was done to a chain. */
export interface ForwardChange {
  readonly chain: string;
  readonly added: number;
  readonly removed: number;
}

export interface HostForwardResult {
  readonly status: readonly HostForwardStatus[];
  readonly changes: readonly ForwardChange[];
  /** A chain could not be read or written: it is worth another try soon. */
  readonly hasFailed: boolean;
}

interface WantedRule {
  readonly direction: 'from' | 'to';
  /** `cali+` */
  readonly pattern: string;
  readonly comment: string;
}

export class HostForward {
  readonly #nft: NftDriver;
  readonly #commands: CommandPort;
  #others: readonly HostForwardStatus[] = [];

  constructor(nft: NftDriver, commands: CommandPort) {
    this.#nft = nft;
    this.#commands = commands;
  }

  /** Looks for chains that drop and that we do not write to: rarely, as it reads the chains of all tables. */
  async survey(): Promise<void> {
    const chains = await this.#nft.readChains().catch(nothingWithoutNft);
    this.#others = (chains ?? []).filter(isForeignBlocker).map(({ family, table, name }) => ({
      chain: `${family} ${table} ${name}`,
      state: 'blocked',
      text: 'drops by its policy, and is not one of iptables: accept rules for workloads must be added there',
    }));
  }

  /**
   * Makes the accept rules what they should be.
   * @param prefixes of names of workload interfaces; empty: our rules are to go
   */
  async apply(prefixes: readonly string[]): Promise<HostForwardResult> {
    const status: HostForwardStatus[] = [];
    const changes: ForwardChange[] = [];
    let hasFailed = false;
    const keep = async (chain: string, work: () => Promise<ForwardChange | null | 'open'>): Promise<void> => {
      try {
        const change = await work();
        if (change === 'open') return;
        if (change !== null) changes.push(change);
        status.push({
          chain,
          state: 'accepted',
          text: `drops by its policy; ${prefixes.length * 2} rules of ours accept`,
        });
      } catch (error) {
        hasFailed = true;
        status.push({ chain, state: 'blocked', text: (error as Error).message });
      }
    };
    for (const family of FAMILIES) {
      await keep(`${family} filter FORWARD`, () => this.#applyNft(family, prefixes));
    }
    for (const { program, tables } of LEGACY) {
      await keep(`${program} FORWARD`, () => this.#applyLegacy(program, tables, prefixes));
    }
    return { status: [...status, ...this.#others], changes, hasFailed };
  }

  async #applyNft(family: 'ip' | 'ip6', prefixes: readonly string[]): Promise<ForwardChange | null | 'open'> {
    const chain = await this.#nft.readChain(family, 'filter', 'FORWARD').catch(nothingWithoutNft);
    if (chain === null || chain === undefined || chain.hook !== 'forward') return 'open';
    const isClosed = chain.policy === 'drop';
    const wanted = isClosed ? wantedRules(prefixes) : [];
    const ours = chain.rules.filter(({ comment }) => comment.startsWith(COMMENT));
    const missing = wanted.filter(({ comment }) => !ours.some((rule) => rule.comment === comment));
    const surplus = ours.filter(({ comment }, i) => {
      const isFirst = ours.findIndex((rule) => rule.comment === comment) === i;
      return !isFirst || !wanted.some((rule) => rule.comment === comment);
    });
    const name = `${family} filter FORWARD`;
    const script = [
      ...surplus.map(({ handle }) => `delete rule ${name} handle ${handle}`),
      // As iptables would write them: it refuses to work on tables with rules that it cannot read.
      ...missing.map(({ direction, pattern, comment }) => {
        const key = direction === 'from' ? 'iifname' : 'oifname';
        return `insert rule ${name} ${key} ${interfacePattern(pattern)} counter accept comment "${comment}"`;
      }),
    ];
    if (script.length > 0) await this.#nft.apply(`${script.join('\n')}\n`);
    if (!isClosed && script.length === 0) return 'open';
    if (script.length === 0) return null;
    return { chain: name, added: missing.length, removed: surplus.length };
  }

  async #applyLegacy(
    program: string,
    tables: string,
    prefixes: readonly string[],
  ): Promise<ForwardChange | null | 'open'> {
    // To ask iptables-legacy would make its tables where there are none.
    const names = await this.#commands.run('cat', [tables]);
    if (names?.status !== 0 || !names.stdout.split('\n').includes('filter')) return 'open';
    const listing = await this.#legacy(program, ['-S', 'FORWARD']);
    const lines = listing.split('\n');
    const isClosed = lines.includes('-P FORWARD DROP');
    const wanted = isClosed ? wantedRules(prefixes).map(legacyRule) : [];
    const ours = lines
      .filter((line) => line.includes(`--comment "${COMMENT}`))
      .map((line) => line.replace(/^-A /, ''));
    const missing = wanted.filter((rule) => !ours.includes(rule));
    const surplus = ours.filter((rule, i) => ours.indexOf(rule) !== i || !wanted.includes(rule));
    for (const rule of surplus) await this.#legacy(program, ['-D', ...legacyWords(rule)]);
    for (const rule of missing) await this.#legacy(program, ['-I', ...legacyWords(rule)]);
    if (missing.length + surplus.length === 0) return isClosed ? null : 'open';
    return { chain: `${program} FORWARD`, added: missing.length, removed: surplus.length };
  }

  async #legacy(program: string, args: readonly string[]): Promise<string> {
    const result = await this.#commands.run(program, ['-w', '10', ...args]);
    if (result?.status !== 0) throw new Error(commandFailure(program, result));
    return result.stdout;
  }
}

/** Without `nft` nobody can tell; iptables-legacy is looked at all the same. */
function nothingWithoutNft(error: Error): undefined {
  if (!(error instanceof NftMissing)) throw error;
}

function isForeignBlocker({ family, table, name, hook, policy }: ListedChain): boolean {
  if (hook !== 'forward' || policy !== 'drop') return false;
  const isIptables = (family === 'ip' || family === 'ip6') && table === 'filter' && name === 'FORWARD';
  return !isIptables && !(family === TABLE.family && table === TABLE.name);
}

function wantedRules(prefixes: readonly string[]): readonly WantedRule[] {
  return prefixes.flatMap((prefix) =>
    (['from', 'to'] as const).map((direction) => {
      const pattern = `${prefix}+`;
      return {
        direction,
        pattern,
        comment: `${COMMENT} ${direction} workloads ${pattern.replaceAll(/[\s"]/g, '')}`,
      };
    }),
  );
}

/** As `iptables -S` prints it, behind `-A`. */
function legacyRule({ direction, pattern, comment }: WantedRule): string {
  const flag = direction === 'from' ? '-i' : '-o';
  return `FORWARD ${flag} ${pattern} -m comment --comment "${comment}" -j ACCEPT`;
}

function legacyWords(rule: string): string[] {
  return [...rule.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}
