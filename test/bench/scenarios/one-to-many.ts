/** One sender announces a table to many receivers, then withdraws it. */
import type { Family } from '../../harness/bgp/prefix-text.ts';
import type { Bench } from '../driver/bench.ts';
import { converged } from '../driver/convergence.ts';
import { encodeAnnouncements, encodeWithdrawals } from '../driver/encode-routes.ts';
import { Ledger } from '../driver/ledger.ts';
import type { Session } from '../driver/session.ts';
import { nextHopOf } from '../driver/session-address.ts';
import { evenSets, type Scenario } from './scenario.ts';

export interface Table {
  readonly family: Family;
  readonly prefixes: number;
  readonly sets: number;
  readonly receivers: number;
}

const SENDER = 1;
const FIRST_RECEIVER = 2;

export interface Stage {
  readonly sender: Session;
  readonly receivers: readonly Session[];
  /** What every receiver holds when the table has arrived. */
  readonly full: Ledger;
  readonly announcements: readonly Buffer[];
  readonly withdrawals: readonly Buffer[];
}

/** Sessions up, messages prepared, nothing sent yet. */
export async function setStage(bench: Bench, table: Table): Promise<Stage> {
  const { family, prefixes } = table;
  const sets = evenSets(prefixes, table.sets);
  const announcements = encodeAnnouncements({ family, nextHop: nextHopOf(SENDER, family) }, sets);
  const withdrawals = encodeWithdrawals(family, 0, prefixes);
  const full = new Ledger(prefixes);
  bench.expect(full, SENDER, sets, family);
  await bench.watchIdle(family);
  const [sender] = await bench.open(SENDER, 1, { family, prefixes: 0 });
  sender!.discards = true;
  const receivers = await bench.open(FIRST_RECEIVER, table.receivers, { family, prefixes });
  return { sender: sender!, receivers, full, announcements, withdrawals };
}

async function announceAndWithdraw(bench: Bench, table: Table): Promise<void> {
  const stage = await setStage(bench, table);
  const routes = table.prefixes * table.receivers;
  const empty = new Ledger(table.prefixes);
  await bench.phase('announce', routes, async () => {
    void stage.sender.send(stage.announcements);
    return { endedAt: await converged(stage.receivers, () => stage.full, bench.cutMs) };
  });
  await bench.phase('withdraw', routes, async () => {
    void stage.sender.send(stage.withdrawals);
    return { endedAt: await converged(stage.receivers, () => empty, bench.cutMs) };
  });
}

function oneToMany(name: string, summary: string, table: Table): Scenario {
  return { name, summary, acts: [(bench) => announceAndWithdraw(bench, table)] };
}

export const FULL_TABLE = oneToMany(
  'full-table',
  '1,000,000 prefixes in 100,000 attribute sets to 1 receiver',
  {
    family: 'ipv4',
    prefixes: 1_000_000,
    sets: 100_000,
    receivers: 1,
  },
);

export const FAN_OUT_TABLE: Table = { family: 'ipv4', prefixes: 100_000, sets: 10_000, receivers: 100 };

export const FAN_OUT = oneToMany(
  'fan-out',
  '100,000 prefixes in 10,000 sets to 100 receivers',
  FAN_OUT_TABLE,
);

export const FAN_OUT_V6 = oneToMany('fan-out-v6', 'the same over IPv6', { ...FAN_OUT_TABLE, family: 'ipv6' });
