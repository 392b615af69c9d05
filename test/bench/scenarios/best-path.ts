/**
 * Ten senders announce the same prefixes with preferences that differ from set to set, so that the best path moves
 * as they arrive and as they go; other sessions receive the winners.
 */
import type { Bench } from '../driver/bench.ts';
import { converged } from '../driver/convergence.ts';
import { encodeAnnouncements, encodeWithdrawals, type RouteSet } from '../driver/encode-routes.ts';
import { Ledger } from '../driver/ledger.ts';
import { nextHopOf } from '../driver/session-address.ts';
import { evenSets, type Scenario } from './scenario.ts';

const SENDERS = 10;
const RECEIVERS = 10;
const PREFIXES = 100_000;
const SETS = 10_000;

/** The sets of sender 1 to 10: set i is best from sender (i mod 10) + 1, second best from the one before, … */
function setsOf(sender: number): RouteSet[] {
  return evenSets(PREFIXES, SETS, 0, sender * SETS).map((set, i) => ({
    ...set,
    localPref: 100 + ((sender - (i % SENDERS) + SENDERS + SENDERS - 2) % SENDERS),
  }));
}

async function bestPath(bench: Bench): Promise<void> {
  await bench.watchIdle('ipv4');
  const senders = await bench.open(1, SENDERS, { family: 'ipv4', prefixes: 0 });
  for (const sender of senders) sender.discards = true;
  const receivers = await bench.open(SENDERS + 1, RECEIVERS, { family: 'ipv4', prefixes: PREFIXES });
  const announcements = senders.map(({ options: { number } }) =>
    encodeAnnouncements({ family: 'ipv4', nextHop: nextHopOf(number, 'ipv4') }, setsOf(number)),
  );
  const withdrawals = encodeWithdrawals('ipv4', 0, PREFIXES);
  const winners = new Ledger(PREFIXES);
  for (const { options } of senders) {
    const best = setsOf(options.number).filter((set) => set.localPref === 100 + SENDERS - 1);
    bench.expect(winners, options.number, best);
  }
  const empty = new Ledger(PREFIXES);
  await bench.phase('announce', PREFIXES * RECEIVERS, async () => {
    for (const [i, sender] of senders.entries()) void sender.send(announcements[i]!);
    return { endedAt: await converged(receivers, () => winners, bench.cutMs) };
  });
  await bench.phase('withdraw', PREFIXES * RECEIVERS, async () => {
    for (const sender of senders) void sender.send(withdrawals);
    return { endedAt: await converged(receivers, () => empty, bench.cutMs) };
  });
}

export const BEST_PATH: Scenario = {
  name: 'best-path',
  summary: '10 senders, the same 100,000 prefixes, changing preference, to 10 receivers',
  acts: [bestPath],
};
