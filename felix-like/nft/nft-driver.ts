/** Reads and writes nftables through `nft`. Errors are thrown with a sentence for the user. */
import { type CommandPort, commandFailure } from '../kernel/command-port.ts';
import { type ActualTable, type ListedChain, parseChains, parseTable } from './nft-listing.ts';
import { TABLE } from './nft-table.ts';

/** Where the kernel has no nftables, or not for this family, there is nothing to list. */
const NOT_THERE = /No such file or directory|does not exist|[Nn]ot supported/;

/** There is no `nft` on this machine. */
export class NftMissing extends Error {
  constructor() {
    super(commandFailure('nft', null));
  }
}

export class NftDriver {
  readonly #commands: CommandPort;

  constructor(commands: CommandPort) {
    this.#commands = commands;
  }

  /** Our table, or null when there is none. @throws Error */
  async readTable(): Promise<ActualTable | null> {
    const text = await this.#list(['table', TABLE.family, TABLE.name]);
    return text === null ? null : parseTable(text);
  }

  /** One chain of any table with its rules, or null when there is none. @throws Error */
  async readChain(family: string, table: string, chain: string): Promise<ListedChain | null> {
    const text = await this.#list(['chain', family, table, chain]);
    if (text === null) return null;
    return parseChains(text).find(({ name }) => name === chain) ?? null;
  }

  /** All chains of all tables, without their rules. @throws Error */
  async readChains(): Promise<readonly ListedChain[]> {
    const text = await this.#list(['chains']);
    return text === null ? [] : parseChains(text);
  }

  /** Carries out a script as one transaction. @throws Error */
  async apply(script: string): Promise<void> {
    // Text, not JSON: with -j this nft cannot read from the pipe that Node gives it.
    const result = await this.#commands.run('nft', ['-f', '-'], script);
    if (result === null) throw new NftMissing();
    if (result.status !== 0) throw new Error(commandFailure('nft', result));
  }

  async #list(what: readonly string[]): Promise<string | null> {
    const result = await this.#commands.run('nft', ['-j', 'list', ...what]);
    if (result === null) throw new NftMissing();
    if (result.status === 0) return result.stdout;
    if (NOT_THERE.test(result.stderr)) return null;
    throw new Error(commandFailure('nft', result));
  }
}
