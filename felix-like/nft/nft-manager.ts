/**
 * Keeps nftables what it should be: our table, and the accept rules in a host chain that drops. Reads what is there,
 * writes the difference as one transaction, and looks again: when the kernel tells of a change, and every few seconds.
 */
import type { NftablesState, NftablesStatus } from '../host-api.ts';
import type { CommandPort } from '../kernel/command-port.ts';
import { HostForward, type HostForwardResult } from './host-forward.ts';
import { NftDriver } from './nft-driver.ts';
import type { ActualTable, Count } from './nft-listing.ts';
import { nftScript } from './nft-script.ts';
import type { NftTable } from './nft-table.ts';

/** What is wanted of nftables. */
export interface NftDesired {
  /** Null: no table. */
  readonly table: NftTable | null;
  /** What does not work without the table, for messages; empty: the node does its work without it, too. */
  readonly neededFor: readonly string[];
  /** Prefixes of names of workload interfaces that the host's firewall is to let through; empty: none. */
  readonly forwardPrefixes: readonly string[];
}

interface Clock {
  startTimer(ms: number, callback: () => void): { cancel(): void };
}

interface Logger {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface NftManagerParts {
  readonly commands: CommandPort;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onError: (problem: { readonly object: string; readonly text: string }) => void;
  readonly onWrite: (result: 'ok' | 'error') => void;
}

/** Between two looks at the table: counters are as old as this at most. */
const CHECK_MS = 10_000;
/** Every sixth time the chains of all tables are read. */
const CHECKS_PER_SURVEY = 6;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** Programs that write many rules cause many notifications: they are answered together. */
const SETTLE_MS = 100;

export class NftManager {
  readonly #parts: NftManagerParts;
  readonly #driver: NftDriver;
  readonly #forward: HostForward;
  #desired: NftDesired | null = null;
  #state: NftablesState = 'off';
  #error: string | null = null;
  #repairs = 0;
  #hasSettled = false;
  #retryMs = FIRST_RETRY_MS;
  #checks = 0;
  #counters: ReadonlyMap<string, Count> = new Map();
  #hostForward: HostForwardResult['status'] = [];
  #hasForwardFailed = false;
  #timer: { cancel(): void } | null = null;
  #settleTimer: { cancel(): void } | null = null;
  #running: Promise<void> | null = null;
  #isDue = false;
  #isClosed = false;

  constructor(parts: NftManagerParts) {
    this.#parts = parts;
    this.#driver = new NftDriver(parts.commands);
    this.#forward = new HostForward(this.#driver, parts.commands);
  }

  /** Nothing is read or written before the first call. */
  setDesired(desired: NftDesired): void {
    if (JSON.stringify(desired) === JSON.stringify(this.#desired)) return;
    this.#desired = desired;
    this.#hasSettled = false;
    if (desired.table !== null || this.#state !== 'off') this.#state = 'pending';
    this.#wake();
  }

  /** Someone changed nftables where it concerns us. */
  onChange(): void {
    if (this.#desired === null || this.#settleTimer !== null) return;
    this.#settleTimer = this.#parts.clock.startTimer(SETTLE_MS, () => {
      this.#settleTimer = null;
      this.#wake();
    });
  }

  status(): NftablesStatus {
    const counters = [...this.#counters].map(([name, count]) => ({ name, ...count }));
    const hostForward = this.#hostForward;
    return { state: this.#state, error: this.#error, repairs: this.#repairs, counters, hostForward };
  }

  /** What is under way is finished; the rules stay. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#settleTimer?.cancel();
    await this.#running;
  }

  #wake(): void {
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  async #run(): Promise<void> {
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      const isDone = await this.#reconcile();
      this.#retryMs = isDone ? FIRST_RETRY_MS : Math.min(this.#retryMs * 2, LAST_RETRY_MS);
      this.#timer?.cancel();
      if (this.#isClosed) return;
      this.#timer = this.#parts.clock.startTimer(isDone ? CHECK_MS : this.#retryMs, () => this.#wake());
    }
  }

  /** @returns false when it is to be tried again soon */
  async #reconcile(): Promise<boolean> {
    const desired = this.#desired;
    if (desired === null) return true;
    // The chains of others are not less important where our own table cannot be made.
    const failures = [
      await reasonOf(this.#applyTable(desired.table)),
      await reasonOf(this.#applyForward(desired.forwardPrefixes)),
    ].filter((reason) => reason !== null);
    if (failures.length > 0) {
      this.#fail(failures[0]!, desired);
      return desired.table === null;
    }
    if (desired === this.#desired) this.#state = desired.table === null ? 'off' : 'inSync';
    this.#error = null;
    this.#hasSettled = true;
    return !this.#hasForwardFailed;
  }

  async #applyTable(table: NftTable | null): Promise<void> {
    const actual = await this.#driver.readTable();
    this.#takeCounters(actual);
    const script = nftScript(table, actual);
    if (script === null) return;
    try {
      await this.#driver.apply(script);
    } catch (error) {
      this.#parts.onWrite('error');
      throw error;
    }
    this.#parts.onWrite('ok');
    if (this.#hasSettled) {
      this.#repairs++;
      this.#parts.logger.info('the nftables table was not as we left it, and is repaired');
    }
  }

  async #applyForward(prefixes: readonly string[]): Promise<void> {
    if (this.#checks++ % CHECKS_PER_SURVEY === 0) await this.#forward.survey();
    const before = new Map(this.#hostForward.map(({ chain, text }) => [chain, text]));
    const { status, changes, hasFailed } = await this.#forward.apply(prefixes);
    this.#hasForwardFailed = hasFailed;
    this.#hostForward = prefixes.length === 0 ? [] : status;
    for (const { chain, added, removed } of changes) {
      this.#parts.onWrite('ok');
      this.#parts.logger.info('accept rules in a chain of the host that drops', { chain, added, removed });
    }
    for (const { chain, state, text } of this.#hostForward) {
      if (state === 'blocked' && before.get(chain) !== text)
        this.#parts.onError({ object: `chain ${chain}`, text });
    }
  }

  #takeCounters(actual: ActualTable | null): void {
    this.#counters = actual?.counters ?? new Map();
  }

  #fail(reason: string, { table, neededFor }: NftDesired): void {
    // Without a wish of ours it does not matter that nftables is not there.
    if (table === null && !this.#hasSettled) {
      this.#state = 'off';
      return;
    }
    const isNeeded = neededFor.length > 0 || table === null;
    const text = `${reason}${consequence(neededFor, table)}`;
    const isNews = this.#error !== text;
    this.#state = isNeeded ? 'failed' : 'unavailable';
    this.#error = text;
    if (isNeeded) this.#parts.onError({ object: 'nftables', text });
    else if (isNews) this.#parts.logger.warn(text, { object: 'nftables' });
  }
}

function consequence(neededFor: readonly string[], table: NftTable | null): string {
  if (table === null) return '';
  if (neededFor.length === 0) return ': packets of workloads are not filtered, all else works';
  return `: without it there is no ${neededFor.join(', and no ')}`;
}

async function reasonOf(work: Promise<void>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
