/**
 * How long a single change takes to reach each of 50 receivers of a loaded reflector, at 200 changes a second: alone,
 * and while another sender announces and withdraws 50,000 routes over and over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../driver/bench.ts';
import { converged } from '../driver/convergence.ts';
import { encodeAnnouncements, encodeWithdrawals } from '../driver/encode-routes.ts';
import type { Latency } from '../driver/job.ts';
import { Ledger } from '../driver/ledger.ts';
import type { Session } from '../driver/session.ts';
import { nextHopOf } from '../driver/session-address.ts';
import { StampedChanges } from '../driver/stamped-changes.ts';
import { evenSets, type Scenario } from './scenario.ts';

const RECEIVERS = 50;
const LOADED = 100_000;
const SETS = 10_000;
const CHURNING = 50_000;
const CHANGES_PER_SECOND = 200;
const MEASURED_SECONDS = 10;
const HALF_CYCLE_MS = 1000;
const LOOK_MS = 5;

const SENDER = 1;
const CHURNER = 2;
const FIRST_RECEIVER = 3;

interface Loaded {
  readonly sender: Session;
  readonly churner: Session;
  readonly receivers: readonly Session[];
}

async function load(bench: Bench): Promise<Loaded> {
  const family = 'ipv4';
  const prefixes = LOADED + CHURNING;
  const sets = evenSets(LOADED, SETS);
  await bench.watchIdle(family);
  const [sender, churner] = await bench.open(SENDER, 2, { family, prefixes: 0 });
  sender!.discards = true;
  churner!.discards = true;
  const receivers = await bench.open(FIRST_RECEIVER, RECEIVERS, { family, prefixes });
  const full = new Ledger(prefixes);
  bench.expect(full, SENDER, sets);
  void sender!.send(encodeAnnouncements({ family, nextHop: nextHopOf(SENDER, family) }, sets));
  const loaded = await converged(receivers, () => full, 4 * bench.cutMs);
  if (loaded === null) throw new Error('not loaded in time');
  return { sender: sender!, churner: churner!, receivers };
}

/** Sends the changes at their pace. @returns null when they did not all arrive in time */
function measure(bench: Bench, { sender, receivers }: Loaded): Promise<Latency | null> {
  const changes = new StampedChanges(sender, receivers, {
    prefixes: LOADED,
    perSecond: CHANGES_PER_SECOND,
    seconds: MEASURED_SECONDS,
  });
  return changes.run(bench.cutMs);
}

const ROUTES = CHANGES_PER_SECOND * MEASURED_SECONDS * RECEIVERS;

async function latency(bench: Bench): Promise<void> {
  const loaded = await load(bench);
  await bench.phase('latency', ROUTES, async () => {
    const measured = await measure(bench, loaded);
    return measured === null ? { endedAt: null } : { endedAt: performance.now(), latency: measured };
  });
}

async function churnLatency(bench: Bench): Promise<void> {
  const loaded = await load(bench);
  const sets = evenSets(CHURNING, CHURNING / 10, LOADED, SETS + 1);
  const announcements = encodeAnnouncements({ family: 'ipv4', nextHop: nextHopOf(CHURNER, 'ipv4') }, sets);
  const withdrawals = encodeWithdrawals('ipv4', LOADED, CHURNING);
  await bench.phase('latency', ROUTES, async () => {
    const churn = new Churn(loaded, announcements, withdrawals);
    const measured = await measure(bench, loaded);
    churn.stop();
    return measured === null ? { endedAt: null } : { endedAt: performance.now(), latency: measured };
  });
}

/**
 * Announces all, waits until every receiver has all, withdraws all, waits until nobody has any, and again; each
 * half takes at least a second. So all daemons get the same load as long as they can take it, and one that cannot
 * is measured at what it can, not by the length of a growing queue.
 */
class Churn {
  #stopped = false;
  readonly #receivers: readonly Session[];

  constructor(
    { churner, receivers }: Loaded,
    announcements: readonly Buffer[],
    withdrawals: readonly Buffer[],
  ) {
    this.#receivers = receivers;
    const cycle = async (): Promise<void> => {
      while (!this.#stopped) {
        void churner.send(announcements);
        await Promise.all([this.#arrived(LOADED + CHURNING), sleep(HALF_CYCLE_MS)]);
        void churner.send(withdrawals);
        await Promise.all([this.#arrived(LOADED), sleep(HALF_CYCLE_MS)]);
      }
    };
    void cycle();
  }

  async #arrived(count: number): Promise<void> {
    const isThere = (): boolean => this.#receivers.every(({ reader }) => reader.ledger.count === count);
    while (!this.#stopped && !isThere()) await sleep(LOOK_MS);
  }

  stop(): void {
    this.#stopped = true;
  }
}

export const LATENCY: Scenario = {
  name: 'latency',
  summary: '200 single changes a second, 100,000 routes loaded, 50 receivers: p50, p99, max',
  acts: [latency],
};

export const CHURN_LATENCY: Scenario = {
  name: 'churn-latency',
  summary: 'the same while another sender announces and withdraws 50,000 routes',
  acts: [churnLatency],
};
