/**
 * The fuzzer: cases by grammar and by mutation of what led somewhere new, through the decoders and a RIB. Every outcome
 * is compared with an oracle that was written from the RFCs; nothing may throw, take long or be left behind.
 */
import { ByteSink } from './byte-sink.ts';
import { Corpus } from './corpus.ts';
import { MessageTarget } from './message-target.ts';
import { Random } from './random.ts';
import { SESSION_KINDS } from './session-kind.ts';
import { UpdateGrammar } from './update-grammar.ts';
import { UpdateTarget } from './update-target.ts';

/** Nothing may hold the event loop for longer: even several cases together take far less, unless garbage is collected. */
const MAX_CASE_MS = 50;
/** A case is slow when it is each time, alone. */
const SLOW_TRIES = 3;
const TIMED_TOGETHER = 10;
const SETTLE_EVERY = 50;
const RESTART_EVERY = 2000;

export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  /** Called now and then with the number of cases behind us. */
  readonly onProgress?: (done: number) => void;
}

export interface FuzzResult {
  readonly cases: number;
  readonly updates: number;
  /** Different outcomes, with numbers left out. */
  readonly outcomes: ReadonlySet<string>;
  /** CPU time of the slowest ten cases in a row. */
  readonly slowestMs: number;
  /** Growth of the heap after the first tenth, garbage collected where that is possible. */
  readonly heapGrowthBytes: number;
}

/** @throws Error with the case in hexadecimal, at the first outcome that is not what the RFCs ask for. */
export function runFuzz({ cases, seed, onProgress }: FuzzOptions): FuzzResult {
  const run = new FuzzRun(seed);
  let heapBefore = 0;
  for (let done = 0; done < cases; done++) {
    run.step(done);
    if (done === Math.floor(cases / 10)) heapBefore = heapBytes();
    if (onProgress !== undefined && done % 100_000 === 99_999) onProgress(done + 1);
  }
  run.finish();
  const { updates, outcomes, slowestMs } = run;
  return { cases, updates, outcomes, slowestMs, heapGrowthBytes: heapBytes() - heapBefore };
}

interface UpdateCase {
  readonly kindIndex: number;
  readonly body: Uint8Array;
}

class FuzzRun {
  updates = 0;
  slowestMs = 0;
  readonly outcomes = new Set<string>();
  readonly #seed: number;
  readonly #random: Random;
  readonly #sink = new ByteSink();
  readonly #grammar: UpdateGrammar;
  readonly #messages: MessageTarget;
  readonly #corpus = new Corpus();
  readonly #target = new UpdateTarget();
  readonly #recent: UpdateCase[] = [];
  #lookedUs = cpuMicroseconds();

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#grammar = new UpdateGrammar(this.#random, this.#sink);
    this.#messages = new MessageTarget(this.#random, this.#sink);
  }

  step(number: number): void {
    try {
      this.outcomes.add(this.#random.oneIn(6) ? this.#stream() : this.#update());
      if (number % SETTLE_EVERY === SETTLE_EVERY - 1) this.#target.settle();
    } catch (error) {
      this.#fail(number, error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    if (number % TIMED_TOGETHER === TIMED_TOGETHER - 1) this.#look(number);
    if (number % RESTART_EVERY !== RESTART_EVERY - 1) return;
    this.#target.restart();
    this.#lookedUs = cpuMicroseconds();
  }

  #look(number: number): void {
    const nowUs = cpuMicroseconds();
    const tookMs = (nowUs - this.#lookedUs) / 1000;
    this.#lookedUs = nowUs;
    if (tookMs > this.slowestMs) this.slowestMs = tookMs;
    if (tookMs > MAX_CASE_MS) {
      for (const one of this.#recent) if (isSlow(one)) this.#fail(number, 'it, or one just before, is slow');
    }
    this.#recent.length = 0;
  }

  finish(): void {
    this.#target.restart();
  }

  #update(): string {
    const random = this.#random;
    const kindIndex = random.below(SESSION_KINDS.length);
    const { fourOctetAs, addPath } = SESSION_KINDS[kindIndex]!;
    this.#sink.clear();
    if (random.oneIn(3)) this.#sink.put(this.#corpus.mutant(random));
    else this.#grammar.write(fourOctetAs ? 4 : 2, addPath);
    // Shorter ones never pass the header (RFC 4271 §6.1).
    while (this.#sink.length < 4) this.#sink.u8(0);
    const body = this.#sink.bytes.subarray(0, this.#sink.length);
    this.#recent.push({ kindIndex, body: body.slice() });
    const outcome = this.#target.receive(kindIndex, body);
    this.#corpus.note(outcome, body);
    this.updates++;
    return outcome;
  }

  #stream(): string {
    this.#sink.clear();
    this.#messages.write();
    return this.#messages.receive(this.#sink.finish());
  }

  #fail(number: number, what: string): never {
    const octets = Buffer.from(this.#sink.bytes.subarray(0, this.#sink.length)).toString('hex');
    throw new Error(`seed ${this.#seed}, case ${number}: ${what}\n${octets}`);
  }
}

function isSlow({ kindIndex, body }: UpdateCase): boolean {
  for (let i = 0; i < SLOW_TRIES; i++) {
    const target = new UpdateTarget();
    const startedUs = cpuMicroseconds();
    target.receive(kindIndex, body);
    target.settle();
    if (cpuMicroseconds() - startedUs <= MAX_CASE_MS * 1000) return false;
  }
  return true;
}

/** Of this thread: what others on the machine do does not count. */
function cpuMicroseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

function heapBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
