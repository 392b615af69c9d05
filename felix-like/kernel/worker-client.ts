/**
 * The agent's end of the Worker: posts requests, matches replies, and hands on what comes in slices of time, so
 * that a dump of a hundred thousand routes never holds up the event loop. A Worker that breaks is started again.
 */
import { closeSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { WorkerReply, WorkerReport, WorkerRequest, WorkerSettings } from './worker-protocol.ts';

const SLICE_MS = 3;
const RESTART_MS = 1000;
const WAKE = new Uint8Array(BigUint64Array.of(1n).buffer);

export interface WorkerClientListener {
  onEvents(messages: Uint8Array): void;
  onEventsLost(): void;
  onNftablesChanged(): void;
  onBroken(text: string): void;
}

export type WorkerClientSettings = Omit<WorkerSettings, 'sleeping'>;

type Request = Exclude<WorkerRequest, { kind: 'close' }>;
/** A request as the caller gives it: the client numbers it. */
export type UnnumberedRequest = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

interface PendingRequest {
  readonly resolve: (reply: WorkerReply) => void;
  readonly reject: (error: Error) => void;
  readonly onPart: (messages: Uint8Array) => void;
}

export class WorkerClient {
  readonly #settings: WorkerClientSettings;
  readonly #listener: WorkerClientListener;
  readonly #pending = new Map<number, PendingRequest>();
  #inbox: WorkerReport[] = [];
  #inboxStart = 0;
  #isDraining = false;
  #worker: Worker | null = null;
  #exited: Promise<void> = Promise.resolve();
  #wakeFd: number | null = null;
  #restart: NodeJS.Timeout | null = null;
  #isClosing = false;
  #lastId = 0;

  readonly #sleeping = new Int32Array(new SharedArrayBuffer(4));

  constructor(settings: WorkerClientSettings, listener: WorkerClientListener) {
    this.#settings = settings;
    this.#listener = listener;
  }

  /** Resolves when the Worker is ready; rejects when it cannot start. */
  start(): Promise<void> {
    const settings: WorkerSettings = { ...this.#settings, sleeping: this.#sleeping };
    const worker = new Worker(new URL('./netlink-worker.ts', import.meta.url), {
      workerData: settings,
    });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      let failure = new Error('the netlink thread ended');
      let isOpen = false;
      worker.on('error', (error) => {
        failure = error instanceof Error ? error : new Error(String(error));
      });
      worker.on('message', (message: WorkerReport) => {
        if (message.kind !== 'opened') {
          this.#receive(message);
          return;
        }
        this.#wakeFd = message.wakeFd;
        isOpen = true;
        resolve();
      });
      this.#exited = new Promise((exited) => {
        worker.once('exit', () => {
          this.#onExit(failure);
          if (!isOpen) reject(failure);
          else if (!this.#isClosing) this.#startAgain(failure);
          exited();
        });
      });
    });
  }

  /** @param onPart takes the parts of a dump, in order, before the promise resolves */
  request<Kind extends WorkerReply['kind']>(
    kind: Kind,
    request: UnnumberedRequest,
    transfer: readonly ArrayBuffer[] = [],
    onPart: (messages: Uint8Array) => void = () => {},
  ): Promise<Extract<WorkerReply, { kind: Kind }>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#worker === null || this.#wakeFd === null || this.#isClosing) {
        reject(new Error('there is no connection to the kernel'));
        return;
      }
      this.#pending.set(id, {
        resolve: (reply) => {
          if (reply.kind === kind) resolve(reply as Extract<WorkerReply, { kind: Kind }>);
          else reject(new Error(`the netlink thread answered ${reply.kind} instead of ${kind}`));
        },
        reject,
        onPart,
      });
      this.#worker.postMessage({ ...request, id }, transfer);
      if (Atomics.load(this.#sleeping, 0) !== 0) writeSync(this.#wakeFd, WAKE);
    });
  }

  /** Resolves when the thread has ended. */
  async close(): Promise<void> {
    if (this.#restart !== null) clearTimeout(this.#restart);
    if (!this.#isClosing && this.#worker !== null && this.#wakeFd !== null) {
      this.#worker.postMessage({ kind: 'close' } satisfies WorkerRequest);
      writeSync(this.#wakeFd, WAKE);
    }
    this.#isClosing = true;
    await this.#exited;
  }

  #onExit(failure: Error): void {
    this.#worker = null;
    // The descriptor is closed here and not by the Worker, so that nobody writes to a number that was given anew.
    if (this.#wakeFd !== null) closeSync(this.#wakeFd);
    this.#wakeFd = null;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(failure);
  }

  #startAgain(failure: Error): void {
    this.#listener.onBroken(failure.message);
    this.#restart = setTimeout(() => {
      this.start().then(
        () => this.#listener.onEventsLost(),
        (error: Error) => {
          if (!this.#isClosing) this.#startAgain(error);
        },
      );
    }, RESTART_MS);
  }

  #receive(message: WorkerReport): void {
    this.#inbox.push(message);
    if (this.#isDraining) return;
    this.#isDraining = true;
    setImmediate(() => this.#drain());
  }

  /** Whoever waits for an answer has acted on it before anything that happened later is told. */
  #drain(): void {
    const end = performance.now() + SLICE_MS;
    while (this.#inboxStart < this.#inbox.length) {
      const isAnswer = this.#handle(this.#inbox[this.#inboxStart++]!);
      if (!isAnswer && performance.now() < end) continue;
      setImmediate(() => this.#drain());
      return;
    }
    this.#inbox = [];
    this.#inboxStart = 0;
    this.#isDraining = false;
  }

  /** @returns true for an answer: promises that wait for it are settled once the caller has returned */
  #handle(message: WorkerReport): boolean {
    switch (message.kind) {
      case 'opened':
        return false;
      case 'events':
        this.#listener.onEvents(message.messages);
        return false;
      case 'eventsLost':
        this.#listener.onEventsLost();
        return false;
      case 'nftablesChanged':
        this.#listener.onNftablesChanged();
        return false;
      case 'part':
        this.#pending.get(message.id)?.onPart(message.messages);
        return false;
      default: {
        const pending = this.#pending.get(message.id);
        this.#pending.delete(message.id);
        pending?.resolve(message);
        return true;
      }
    }
  }
}
