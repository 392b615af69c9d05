/**
 * Writes what the route table has to write, in batches, a few of them under way at a time; around each batch the
 * kernel forgets the connections of addresses that move or go.
 */
import type { KernelWriteEvent } from '../agent-api.ts';
import type { RouteCalculator } from '../calc/route-calculator.ts';
import type { KernelPort, OperationFailure } from '../kernel/kernel-port.ts';
import type { RouteBatch } from '../routetable/route-batch.ts';
import type { KernelRoute } from '../routetable/route-key.ts';
import type { RouteTable } from '../routetable/route-table.ts';
import type { ErrorLog } from './error-log.ts';
import type { Logger } from './logger.ts';
import { MovedAddresses } from './moved-addresses.ts';

/** Operations handed to the kernel port at once: to wake its thread costs more than many of them. */
const BATCH_SIZE = 2000;
/** Batches under way: the kernel works on some while others are being made, or their outcome is taken in. */
const BATCHES_IN_FLIGHT = 4;
/** So few are handed over while more is being settled, where the kernel has nothing to do. */
const IDLE_BATCH_SIZE = 250;

export interface RouteWriterParts {
  readonly kernel: Pick<KernelPort, 'writeRoutes' | 'forgetConnections'>;
  readonly calculator: RouteCalculator;
  readonly table: RouteTable;
  readonly errors: ErrorLog;
  readonly logger: Logger;
  readonly onWrite: (event: KernelWriteEvent) => void;
  /** Routes may have become present or refused. */
  readonly onProgress: () => void;
}

export interface RouteWriterHooks {
  /** Nothing more is being settled now: batches need not be full. */
  readonly isAllSettled: () => boolean;
  /** The kernel answered. */
  readonly onReply: () => void;
}

export class RouteWriter {
  readonly #parts: RouteWriterParts;
  readonly #hooks: RouteWriterHooks;
  readonly #moved = new MovedAddresses();
  #inFlight = 0;
  #hasWritten = false;
  #isStopped = false;
  #isFinishing = false;
  #onReply: () => void = () => {};

  constructor(parts: RouteWriterParts, hooks: RouteWriterHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  /** @returns true when something was written since the last call */
  takeWritten(): boolean {
    const hasWritten = this.#hasWritten;
    this.#hasWritten = false;
    return hasWritten;
  }

  onSettled(prefix: string, route: KernelRoute | null): void {
    this.#moved.onSettled(prefix, route, (settled) => this.#parts.calculator.reasonOf(settled));
  }

  /** Hands over what is waiting, as far as there is room. */
  send(): void {
    const { kernel, table, calculator } = this.#parts;
    while (this.#inFlight < BATCHES_IN_FLIGHT) {
      // While more is being settled and the kernel is at work, full batches only.
      const enough = this.isIdle ? IDLE_BATCH_SIZE : BATCH_SIZE;
      if (table.waitingCount < enough && !this.#hooks.isAllSettled()) return;
      const batch = table.nextBatch(BATCH_SIZE);
      if (batch === null) {
        this.#forgetConnections(this.#moved.takeRemoved());
        return;
      }
      this.#inFlight++;
      this.#hasWritten = true;
      // The kernel carries out what it is asked in this order.
      this.#moved.onBatch(batch, (prefix) => calculator.reasonOf(prefix) !== null);
      this.#forgetConnections(this.#moved.takeMoved());
      kernel
        .writeRoutes(batch)
        .catch((error: Error) => {
          return Array.from({ length: batch.length }, (_, index) => {
            return { index, code: 'EIO', text: error.message };
          });
        })
        .then((failures) => this.#onOutcome(batch, failures));
    }
  }

  /** Waits for what is under way; nothing new is sent meanwhile. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    while (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#onReply = resolve;
      });
    }
    this.#isFinishing = false;
  }

  /** Answers are no reason to send more from now on. */
  stop(): void {
    this.#isStopped = true;
  }

  #onOutcome(batch: RouteBatch, failures: readonly OperationFailure[]): void {
    const { table, errors, onWrite, onProgress } = this.#parts;
    this.#inFlight--;
    const { done, refused, failures: reported } = table.onOutcome(batch, failures);
    for (const op of ['add', 'replace', 'delete'] as const) {
      if (done[op] > 0) onWrite({ op, result: 'ok', count: done[op] });
      if (refused[op] > 0) onWrite({ op, result: 'error', count: refused[op] });
    }
    errors.addAll(reported.map(({ route, text }) => ({ object: describeRoute(route), text })));
    onProgress();
    if (!this.#isFinishing && !this.#isStopped) this.send();
    this.#hooks.onReply();
    this.#onReply();
  }

  #forgetConnections(addresses: readonly string[]): void {
    if (addresses.length === 0) return;
    const { kernel, errors, logger } = this.#parts;
    kernel.forgetConnections(addresses).then(
      (count) => logger.debug('connections of moved addresses are forgotten', { count }),
      (error: Error) => errors.add({ object: `connections of ${addresses[0]}`, text: error.message }),
    );
  }
}

/** For messages. */
export function describeRoute({ prefix, target }: KernelRoute): string {
  const gateway = target.nextHops[0]?.gateway ?? null;
  return gateway === null ? `route ${prefix}` : `route ${prefix} via ${gateway}`;
}
