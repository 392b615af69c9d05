/**
 * Makes the kernel what it should be. Everything that comes in (configuration, learnt routes, kernel events) only
 * marks what is to be done and wakes the loop; the loop reads, calculates and writes, one apply at a time, in
 * slices that leave the event loop free. Nothing is written before the first configuration.
 */
import { FAMILIES, type Family } from '@manul/bgp/net';
import type { AgentConfig, KernelWriteEvent, LearntColumns, LearntRouteChange } from '../agent-api.ts';
import type { NextHopRoutes } from '../calc/next-hop-routes.ts';
import type { RouteCalculator } from '../calc/route-calculator.ts';
import type { KernelEvent, KernelLink, KernelPort } from '../kernel/kernel-port.ts';
import { Ownership } from '../routetable/ownership.ts';
import type { RouteTable } from '../routetable/route-table.ts';
import type { Clock, Timer } from './clock.ts';
import type { ErrorLog } from './error-log.ts';
import type { ForwardingCheck } from './forwarding-check.ts';
import { LearntFeed } from './learnt-feed.ts';
import type { LinkState } from './link-state.ts';
import type { Logger } from './logger.ts';
import type { OverlaySetup } from './overlay-setup.ts';
import { nextTurn, RouteReader } from './route-reader.ts';
import { RouteSettler } from './route-settler.ts';
import { describeRoute, RouteWriter } from './route-writer.ts';
import type { SysctlManager } from './sysctl-manager.ts';
import { WakeUp } from './wake-up.ts';

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
  readonly ways: NextHopRoutes;
  /** Somebody wants to know the ways. */
  readonly followsWays: () => boolean;
  /** The ways to next hops may be others now. */
  readonly onWays: () => void;
  readonly overlay: OverlaySetup;
  readonly sysctls: SysctlManager;
  readonly forwarding: ForwardingCheck;
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
  readonly #reader: RouteReader;
  readonly #writer: RouteWriter;
  readonly #settler: RouteSettler;
  readonly #wakeUp: WakeUp;
  #config: AgentConfig | null = null;
  #isConfigNew = false;
  #removesExternal = false;
  #isOpen = false;
  #isReady = false;
  #isClosed = false;
  #resyncTimer: Timer | null = null;
  #endOfRibTimer: Timer | null = null;
  readonly #ended: Promise<void>;

  constructor(parts: ApplyParts) {
    this.#parts = parts;
    this.#reader = new RouteReader(parts);
    this.#wakeUp = new WakeUp(parts.clock);
    this.#writer = new RouteWriter(parts, {
      isAllSettled: () => parts.calculator.isSettled && this.#feed.isEmpty,
      onReply: () => this.#wakeUp.wake(),
    });
    this.#settler = new RouteSettler({ ...parts, feed: this.#feed, writer: this.#writer });
    this.#ended = this.#run();
  }

  /** The first apply with a configuration is done. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The connection to the kernel is there. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get config(): AgentConfig | null {
    return this.#config;
  }

  /** All that came in has been settled, and what could be written is written. */
  get isSettled(): boolean {
    const { calculator, table, links } = this.#parts;
    if (this.#isConfigNew || !this.#feed.isEmpty || links.isChanged || this.#reader.isDue) return false;
    return calculator.isSettled && !table.hasWork && this.#writer.isIdle;
  }

  setConfig(config: AgentConfig): void {
    if (this.#config === null) this.#awaitEndOfRib();
    if (this.#config?.routeRefreshSec !== config.routeRefreshSec)
      this.#startResyncTimer(config.routeRefreshSec);
    this.#config = config;
    this.#isConfigNew = true;
    this.#wakeUp.wake();
  }

  /** Somebody wants to know the ways to next hops from now on. */
  followWays(): void {
    this.#wakeUp.wake();
  }

  startLearnt(): void {
    this.#feed.start();
    this.#awaitEndOfRib();
    this.#wakeUp.wake();
  }

  pushLearnt(changes: readonly LearntRouteChange[]): void {
    this.#feed.push(changes);
    this.#wakeUp.wake();
  }

  pushLearntColumns(columns: LearntColumns): void {
    this.#feed.pushColumns(columns);
    this.#wakeUp.wake();
  }

  endLearnt(family: Family): void {
    this.#feed.endOfRib(family);
    this.#wakeUp.wake();
  }

  /** What was begun is finished; the routes stay. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of [this.#resyncTimer, this.#endOfRibTimer, this.#wakeUp]) timer?.cancel();
    this.#writer.stop();
    this.#wakeUp.wake();
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
        this.#wakeUp.begin();
        this.#wakeUp.wakeAfter(RECONNECT_MS);
      }
      if (!this.#isClosed) await this.#wakeUp.sleep();
    }
    await this.#writer.finish();
  }

  async #apply(): Promise<void> {
    if (!this.#isOpen) await this.#open();
    const { calculator, table } = this.#parts;
    while (!this.#isClosed) {
      this.#wakeUp.begin();
      await this.#takeLinks();
      if (this.#config === null) return;
      this.#takeConfig(this.#config);
      if (await this.#setUpOverlay(this.#config, false)) continue;
      if (this.#reader.isDue) {
        await this.#writer.finish();
        await this.#reader.read();
      }
      if (calculator.foreign.isStale) await this.#reader.readForeign();
      await this.#writeSysctls(this.#config);
      const hasMore = this.#settler.settle();
      this.#finishLearnt();
      table.examineDueRetries();
      this.#writer.send();
      this.#reportConflicts();
      if (hasMore) await nextTurn();
      else if (!this.#writer.isIdle) await this.#wakeUp.sleep();
      else if (table.familiesToLookUp().length > 0) await this.#reader.lookUpHolders();
      else if (calculator.foreign.isStale || this.#wakeUp.isAwake || table.hasWork) continue;
      else if (await this.#followWays()) continue;
      else if (!(await this.#setUpOverlay(this.#config, this.#hasAllRoutes())) && !this.#wakeUp.isAwake)
        return;
    }
  }

  /** When all else is done: no write waits for it. @returns true when something may have happened meanwhile */
  async #followWays(): Promise<boolean> {
    const { ways, followsWays, onWays } = this.#parts;
    if (!followsWays()) return false;
    const isRead = ways.isStale;
    if (isRead) await this.#reader.readWays(ways);
    if (ways.takeChange()) onWays();
    return isRead;
  }

  #finishApply(seconds: number): void {
    const { table, overlay, sysctls, clock, onProgress, onApplied } = this.#parts;
    if (this.#config === null || this.#isClosed) return;
    const isNews = this.#writer.takeWritten() || !this.#isReady;
    this.#isReady = true;
    onProgress();
    if (isNews) onApplied(seconds);
    const dueMs = [table.nextRetryMs(), overlay.nextMs(), sysctls.nextMs()].filter((ms) => ms !== null);
    if (dueMs.length > 0) this.#wakeUp.wakeAfter(Math.max(1, Math.min(...dueMs) - clock.now()));
  }

  async #open(): Promise<void> {
    const { kernel, links, ways, overlay, calculator, errors } = this.#parts;
    await kernel.open({
      onEvents: (events) => this.#onEvents(events),
      onEventsLost: () => {
        links.markStale();
        overlay.markStale(null);
        calculator.foreign.markStale();
        ways.markStale(null);
        if (this.#removesExternal) this.#reader.requestExternal();
        this.#reader.requestFull();
        this.#parts.sysctls.recheck();
        this.#parts.onNftablesChange();
        this.#wakeUp.wake();
      },
      onBroken: (text) => errors.add({ object: 'kernel', text }),
    });
    this.#isOpen = true;
  }

  #onEvents(events: readonly KernelEvent[]): void {
    for (const event of events) this.#onEvent(event);
    this.#wakeUp.wake();
  }

  #onEvent(event: KernelEvent): void {
    const { links, ways, table, overlay, sysctls, calculator } = this.#parts;
    switch (event.kind) {
      case 'route':
        table.onRouteEvent(event.isDeleted, event.route);
        if (event.route.prefix === DEFAULT_ROUTE) sysctls.recheckLink(null);
        if (this.#reader.isOurProtocol(event.route.target.protocol)) break;
        calculator.foreign.onChange(event.route.prefix);
        ways.onEvent(event.isDeleted, event.route);
        break;
      case 'neighbour':
        overlay.onNeighbourEvent(event.isDeleted, event.neighbour);
        break;
      case 'parameters':
        sysctls.recheckLink(event.interfaceIndex);
        // Of the link to other nodes it is looked at, not written.
        sysctls.recheckLink(null);
        break;
      case 'nftables':
        this.#parts.onNftablesChange();
        break;
      default:
        links.onEvent(event);
    }
  }

  async #takeLinks(): Promise<void> {
    const { kernel, links, ways, overlay, table, calculator } = this.#parts;
    if (links.isStale) await links.refresh(kernel);
    if (!links.takeChange()) return;
    this.#parts.onLinks(links.links());
    this.#parts.sysctls.recheckLink(null);
    calculator.setFacts({ links: links.links(), addresses: links.addresses() });
    const shaken = links.takeShaken();
    this.#reader.requestInterfaces(shaken);
    for (const interfaceIndex of shaken) {
      overlay.markStale(interfaceIndex);
      ways.markStale(interfaceIndex);
    }
    ways.markChanged();
    if (shaken.length > 0) calculator.foreign.markStale();
    overlay.onChange();
    table.hurryRetries();
  }

  #takeConfig(config: AgentConfig): void {
    if (!this.#isConfigNew) return;
    this.#isConfigNew = false;
    const { calculator, table, overlay, errors, ways } = this.#parts;
    ways.markChanged();
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
    const { sysctls, forwarding, calculator, kernel, links, onWrite } = this.#parts;
    const { written, failed } = await sysctls.apply(kernel, config, links.links());
    calculator.setPodGateway(forwarding.lacksGateway);
    forwarding.setGatewayInterface(calculator.podGatewayLink?.name ?? null);
    if (written > 0) onWrite({ op: 'sysctl', result: 'ok', count: written });
    if (failed > 0) onWrite({ op: 'sysctl', result: 'error', count: failed });
  }

  /** Complete learnt routes, all settled: what is left in the kernel now is wanted by nobody. */
  #finishLearnt(): void {
    const { calculator, table } = this.#parts;
    if (!calculator.isSettled || !this.#feed.isEmpty) return;
    for (const family of FAMILIES) if (calculator.isLearntComplete(family)) table.allowSweep(family);
  }

  #reportConflicts(): void {
    const { table, errors } = this.#parts;
    errors.addAll(
      table.takeNewConflicts().flatMap(({ desired, error }) => {
        return desired === null || error === null ? [] : [{ object: describeRoute(desired), text: error }];
      }),
    );
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
      this.#parts.ways.markStale(null);
      this.#parts.sysctls.recheck();
      this.#wakeUp.wake();
    });
  }

  #awaitEndOfRib(): void {
    this.#endOfRibTimer?.cancel();
    this.#endOfRibTimer = this.#parts.clock.startTimer(END_OF_RIB_WAIT_MS, () => {
      this.#feed.expire();
      this.#wakeUp.wake();
    });
  }
}
