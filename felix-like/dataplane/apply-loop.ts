/**
 * Makes the kernel what it should be. Everything that comes in (configuration, learnt routes, kernel events) only
 * marks what is to be done and wakes the loop; the loop reads, calculates and writes, one apply at a time, in
 * slices that leave the event loop free. Nothing is written before the first configuration.
 */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { AgentConfig, KernelWriteEvent, LearntRouteChange } from '../agent-api.ts';
import type { RouteCalculator } from '../calc/route-calculator.ts';
import type { KernelEvent, KernelLink, KernelPort, OperationFailure } from '../kernel/kernel-port.ts';
import { Ownership } from '../routetable/ownership.ts';
import type { RouteBatch } from '../routetable/route-batch.ts';
import { familyOfPrefix, type KernelRoute } from '../routetable/route-key.ts';
import type { RouteTable } from '../routetable/route-table.ts';
import type { Clock, Timer } from './clock.ts';
import type { ErrorLog } from './error-log.ts';
import { LearntFeed } from './learnt-feed.ts';
import type { LinkState } from './link-state.ts';
import type { Logger } from './logger.ts';
import { MovedAddresses } from './moved-addresses.ts';
import type { OverlaySetup } from './overlay-setup.ts';
import { nextTurn, RouteReader } from './route-reader.ts';
import type { SysctlManager } from './sysctl-manager.ts';

/** Operations handed to the kernel port at once: to wake its thread costs more than many of them. */
const BATCH_SIZE = 2000;
/** Batches under way: the kernel works on one while the next is being made. */
const BATCHES_IN_FLIGHT = 2;
/** Prefixes to settle before the event loop has its turn. */
const SETTLE_SLICE = 500;
/** Default restart time of graceful restart (RFC 4724 §3 as Calico sets it): after that nobody waits for End-of-RIB. */
const END_OF_RIB_WAIT_MS = 120_000;
const DEFAULT_ROUTE = '0.0.0.0/0';
/** Pause after the connection to the kernel failed. */
const RECONNECT_MS = 1000;

export interface ApplyParts {
  readonly kernel: KernelPort;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly calculator: RouteCalculator;
  readonly table: RouteTable;
  readonly links: LinkState;
  readonly overlay: OverlaySetup;
  readonly sysctls: SysctlManager;
  readonly errors: ErrorLog;
  readonly onWrite: (event: KernelWriteEvent) => void;
  /** Routes of this node may have become present or refused. */
  readonly onProgress: () => void;
  readonly onApplied: (seconds: number) => void;
  /** The links are known anew. */
  readonly onLinks: (links: readonly KernelLink[]) => void;
  /** Someone changed nftables where it concerns us, or may have. */
  readonly onNftablesChange: () => void;
}

export class ApplyLoop {
  readonly #parts: ApplyParts;
  readonly #feed = new LearntFeed();
  readonly #moved = new MovedAddresses();
  readonly #reader: RouteReader;
  #config: AgentConfig | null = null;
  #isConfigNew = false;
  #removesExternal = false;
  #isOpen = false;
  #isReady = false;
  #isClosed = false;
  #hasWritten = false;
  #batchesInFlight = 0;
  #isFinishing = false;
  #onReply: () => void = () => {};
  #resyncTimer: Timer | null = null;
  #retryTimer: Timer | null = null;
  #endOfRibTimer: Timer | null = null;
  #isAwake = true;
  #wakeSleeper: (() => void) | null = null;
  readonly #ended: Promise<void>;

  constructor(parts: ApplyParts) {
    this.#parts = parts;
    this.#reader = new RouteReader(parts);
    this.#ended = this.#run();
  }

  /** The first apply with a configuration is done. */
  get isReady(): boolean {
    return this.#isReady;
  }

  get config(): AgentConfig | null {
    return this.#config;
  }

  /** All that came in has been settled, and what could be written is written. */
  get isSettled(): boolean {
    const { calculator, table, links } = this.#parts;
    if (this.#isConfigNew || !this.#feed.isEmpty || links.isChanged || this.#reader.isDue) return false;
    return calculator.isSettled && !table.hasWork && this.#batchesInFlight === 0;
  }

  setConfig(config: AgentConfig): void {
    if (this.#config === null) this.#awaitEndOfRib();
    if (this.#config?.routeRefreshSec !== config.routeRefreshSec)
      this.#startResyncTimer(config.routeRefreshSec);
    this.#config = config;
    this.#isConfigNew = true;
    this.#wake();
  }

  startLearnt(): void {
    this.#feed.start();
    this.#awaitEndOfRib();
    this.#wake();
  }

  pushLearnt(changes: readonly LearntRouteChange[]): void {
    this.#feed.push(changes);
    this.#wake();
  }

  endLearnt(family: Family): void {
    this.#feed.endOfRib(family);
    this.#wake();
  }

  /** What was begun is finished; the routes stay. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of [this.#resyncTimer, this.#retryTimer, this.#endOfRibTimer]) timer?.cancel();
    this.#wake();
    await this.#ended;
    await this.#parts.kernel.close();
  }

  async #run(): Promise<void> {
    const { clock, errors, logger } = this.#parts;
    while (!this.#isClosed) {
      const startedMs = clock.now();
      try {
        await this.#apply();
        this.#finishApply((clock.now() - startedMs) / 1000);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        errors.add({ object: 'kernel', text });
        logger.debug('apply ended early', { reason: text });
        this.#isAwake = false;
        this.#wakeAfter(RECONNECT_MS);
      }
      if (!this.#isClosed) await this.#sleep();
    }
    await this.#finishBatches();
  }

  async #apply(): Promise<void> {
    if (!this.#isOpen) await this.#open();
    const { calculator, table } = this.#parts;
    while (!this.#isClosed) {
      this.#isAwake = false;
      await this.#takeLinks();
      if (this.#config === null) return;
      this.#takeConfig(this.#config);
      if (await this.#setUpOverlay(this.#config, false)) continue;
      if (this.#reader.isDue) {
        await this.#finishBatches();
        await this.#reader.read();
      }
      if (calculator.foreign.isStale) await this.#reader.readForeign();
      await this.#writeSysctls(this.#config);
      this.#feed.drain(SETTLE_SLICE, calculator);
      const hasMore = this.#settleRoutes(this.#config) || !this.#feed.isEmpty;
      this.#finishLearnt();
      table.examineDueRetries();
      this.#sendBatches();
      this.#reportConflicts();
      if (hasMore) await nextTurn();
      else if (this.#batchesInFlight > 0) await this.#sleep();
      else if (table.familiesToLookUp().length > 0) await this.#reader.lookUpHolders();
      else if (calculator.foreign.isStale || this.#isAwake || table.hasWork) continue;
      else if (!(await this.#setUpOverlay(this.#config, this.#hasAllRoutes())) && !this.#isAwake) return;
    }
  }

  #finishApply(seconds: number): void {
    const { table, overlay, clock, onProgress, onApplied } = this.#parts;
    if (this.#config === null || this.#isClosed) return;
    const isNews = this.#hasWritten || !this.#isReady;
    this.#isReady = true;
    this.#hasWritten = false;
    onProgress();
    if (isNews) onApplied(seconds);
    const dueMs = [table.nextRetryMs(), overlay.nextMs()].filter((ms) => ms !== null);
    if (dueMs.length > 0) this.#wakeAfter(Math.max(1, Math.min(...dueMs) - clock.now()));
  }

  async #open(): Promise<void> {
    const { kernel, links, overlay, calculator, errors } = this.#parts;
    await kernel.open({
      onEvents: (events) => this.#onEvents(events),
      onEventsLost: () => {
        links.markStale();
        overlay.markStale(null);
        calculator.foreign.markStale();
        if (this.#removesExternal) this.#reader.requestExternal();
        this.#reader.requestFull();
        this.#parts.sysctls.recheck();
        this.#parts.onNftablesChange();
        this.#wake();
      },
      onBroken: (text) => errors.add({ object: 'kernel', text }),
    });
    this.#isOpen = true;
  }

  #onEvents(events: readonly KernelEvent[]): void {
    for (const event of events) this.#onEvent(event);
    this.#wake();
  }

  #onEvent(event: KernelEvent): void {
    const { links, table, overlay, sysctls, calculator } = this.#parts;
    switch (event.kind) {
      case 'route':
        table.onRouteEvent(event.isDeleted, event.route);
        if (event.route.prefix === DEFAULT_ROUTE) sysctls.recheckLink(null);
        if (this.#reader.isOurProtocol(event.route.target.protocol)) break;
        calculator.foreign.onChange(event.route.prefix);
        break;
      case 'neighbour':
        overlay.onNeighbourEvent(event.isDeleted, event.neighbour);
        break;
      case 'parameters':
        sysctls.recheckLink(event.interfaceIndex);
        break;
      case 'nftables':
        this.#parts.onNftablesChange();
        break;
      default:
        links.onEvent(event);
    }
  }

  async #takeLinks(): Promise<void> {
    const { kernel, links, overlay, table, calculator } = this.#parts;
    if (links.isStale) await links.refresh(kernel);
    if (!links.takeChange()) return;
    this.#parts.onLinks(links.links());
    this.#parts.sysctls.recheckLink(null);
    calculator.setFacts({ links: links.links(), addresses: links.addresses() });
    const shaken = links.takeShaken();
    this.#reader.requestInterfaces(shaken);
    for (const interfaceIndex of shaken) overlay.markStale(interfaceIndex);
    if (shaken.length > 0) calculator.foreign.markStale();
    overlay.onChange();
    table.hurryRetries();
  }

  #takeConfig(config: AgentConfig): void {
    if (!this.#isConfigNew) return;
    this.#isConfigNew = false;
    const { calculator, table, overlay, errors } = this.#parts;
    overlay.onChange();
    if (config.removeExternalRoutes && !this.#removesExternal) this.#reader.requestExternal();
    this.#removesExternal = config.removeExternalRoutes;
    const isRewrite = calculator.setConfig(config);
    const protocols = this.#reader.addProtocol(config.routeProtocol);
    table.setOwnership(
      new Ownership({
        protocols,
        pools: config.pools.map(({ prefix }) => prefix),
        isWorkloadInterface: (index) => {
          const name = calculator.interfaceName(index);
          return name !== null && config.interfacePrefixes.some((prefix) => name.startsWith(prefix));
        },
        removesExternal: config.removeExternalRoutes,
      }),
    );
    if (isRewrite) table.beginRewrite();
    errors.addAll(calculator.problems);
  }

  /** @returns true when links or addresses must be read anew before anything else */
  #setUpOverlay(config: AgentConfig, mayRemove: boolean): Promise<boolean> {
    return this.#parts.overlay.apply(this.#parts.kernel, config, mayRemove);
  }

  /** All routes are known, and what could be written is: nothing needs any more what is not wanted. */
  #hasAllRoutes(): boolean {
    const { calculator } = this.#parts;
    return FAMILIES.every((family) => calculator.isLearntComplete(family));
  }

  async #writeSysctls(config: AgentConfig): Promise<void> {
    const { sysctls, kernel, links, onWrite } = this.#parts;
    const { written, failed } = await sysctls.apply(kernel, config, links.links());
    if (written > 0) onWrite({ op: 'sysctl', result: 'ok', count: written });
    if (failed > 0) onWrite({ op: 'sysctl', result: 'error', count: failed });
  }

  /** @returns true when there is more to settle */
  #settleRoutes(config: AgentConfig): boolean {
    const { calculator, table } = this.#parts;
    const hasMore = calculator.settle(SETTLE_SLICE, (prefix, route) => {
      this.#moved.onSettled(prefix, route, (settled) => calculator.reasonOf(settled));
      if (route === null) table.deleteDesired(prefix, config.routePriority[familyOfPrefix(prefix)]);
      else table.setDesired(route);
    });
    if (!hasMore) table.finishRewrite();
    return hasMore;
  }

  /** Complete learnt routes, all settled: what is left in the kernel now is wanted by nobody. */
  #finishLearnt(): void {
    const { calculator, table } = this.#parts;
    if (!calculator.isSettled || !this.#feed.isEmpty) return;
    for (const family of FAMILIES) if (calculator.isLearntComplete(family)) table.allowSweep(family);
  }

  #forgetConnections(addresses: readonly string[]): void {
    if (addresses.length === 0) return;
    const { kernel, errors, logger } = this.#parts;
    kernel.forgetConnections(addresses).then(
      (count) => logger.debug('connections of moved addresses are forgotten', { count }),
      (error: Error) => errors.add({ object: `connections of ${addresses[0]}`, text: error.message }),
    );
  }

  #sendBatches(): void {
    const { kernel, table, calculator } = this.#parts;
    while (this.#batchesInFlight < BATCHES_IN_FLIGHT) {
      // While more is being settled, full batches only.
      if (table.waitingCount < BATCH_SIZE && !(calculator.isSettled && this.#feed.isEmpty)) return;
      const batch = table.nextBatch(BATCH_SIZE);
      if (batch === null) {
        this.#forgetConnections(this.#moved.takeRemoved());
        return;
      }
      this.#batchesInFlight++;
      this.#hasWritten = true;
      // The kernel carries out what it is asked in this order.
      this.#moved.onBatch(batch, (prefix) => calculator.reasonOf(prefix) !== null);
      this.#forgetConnections(this.#moved.takeMoved());
      kernel
        .applyRoutes(batch.operations)
        .catch((error: Error) => {
          return batch.operations.map((_, index) => ({ index, code: 'EIO', text: error.message }));
        })
        .then((failures) => this.#onOutcome(batch, failures));
    }
  }

  #onOutcome(batch: RouteBatch, failures: readonly OperationFailure[]): void {
    const { table, errors, onWrite, onProgress } = this.#parts;
    this.#batchesInFlight--;
    const { done, refused, failures: reported } = table.onOutcome(batch, failures);
    for (const op of ['add', 'replace', 'delete'] as const) {
      if (done[op] > 0) onWrite({ op, result: 'ok', count: done[op] });
      if (refused[op] > 0) onWrite({ op, result: 'error', count: refused[op] });
    }
    errors.addAll(reported.map(({ route, text }) => ({ object: describe(route), text })));
    onProgress();
    if (!this.#isFinishing && !this.#isClosed) this.#sendBatches();
    this.#wake();
    this.#onReply();
  }

  #reportConflicts(): void {
    const { table, errors } = this.#parts;
    errors.addAll(
      table.takeNewConflicts().flatMap(({ desired, error }) => {
        return desired === null || error === null ? [] : [{ object: describe(desired), text: error }];
      }),
    );
  }

  /** Waits for what is under way; nothing new is sent meanwhile. */
  async #finishBatches(): Promise<void> {
    this.#isFinishing = true;
    while (this.#batchesInFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#onReply = resolve;
      });
    }
    this.#isFinishing = false;
  }

  #startResyncTimer(refreshSec: number): void {
    this.#resyncTimer?.cancel();
    this.#resyncTimer = null;
    if (refreshSec <= 0) return;
    this.#resyncTimer = this.#parts.clock.startTimer(refreshSec * 1000, () => {
      this.#startResyncTimer(refreshSec);
      this.#reader.requestFull();
      this.#parts.links.markStale();
      this.#parts.overlay.markStale(null);
      this.#parts.calculator.foreign.markStale();
      this.#parts.sysctls.recheck();
      this.#wake();
    });
  }

  #awaitEndOfRib(): void {
    this.#endOfRibTimer?.cancel();
    this.#endOfRibTimer = this.#parts.clock.startTimer(END_OF_RIB_WAIT_MS, () => {
      this.#feed.expire();
      this.#wake();
    });
  }

  #wakeAfter(ms: number): void {
    this.#retryTimer?.cancel();
    this.#retryTimer = this.#parts.clock.startTimer(ms, () => this.#wake());
  }

  #wake(): void {
    this.#isAwake = true;
    this.#wakeSleeper?.();
    this.#wakeSleeper = null;
  }

  /** Returns at once when something woke the loop since it last looked. */
  async #sleep(): Promise<void> {
    if (this.#isAwake) return;
    await new Promise<void>((resolve) => {
      this.#wakeSleeper = resolve;
    });
  }
}

function describe({ prefix, target }: KernelRoute): string {
  const gateway = target.nextHops[0]?.gateway ?? null;
  return gateway === null ? `route ${prefix}` : `route ${prefix} via ${gateway}`;
}
