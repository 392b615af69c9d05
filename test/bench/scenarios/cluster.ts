/** Clients that all announce a few blocks and receive those of all others: as `cluster`, and losing some in `flap`. */
import type { Bench } from '../driver/bench.ts';
import { converged } from '../driver/convergence.ts';
import { encodeAnnouncements, encodeWithdrawals, type RouteSet } from '../driver/encode-routes.ts';
import { Ledger } from '../driver/ledger.ts';
import type { Session } from '../driver/session.ts';
import { nextHopOf } from '../driver/session-address.ts';
import type { Scenario } from './scenario.ts';

const CLIENTS = 500;
const BLOCKS = 20;
const PREFIXES = CLIENTS * BLOCKS;
const FLAPPING = 100;

/** Clients are numbered from 1; client n announces blocks as set n. */
function blocksOf(client: number): RouteSet {
  return { set: client, localPref: 100, first: (client - 1) * BLOCKS, count: BLOCKS };
}

function announcementsOf(client: number): Buffer[] {
  return encodeAnnouncements({ family: 'ipv4', nextHop: nextHopOf(client, 'ipv4') }, [blocksOf(client)]);
}

/** What a client holds when the clients from `firstAnnouncing` on have announced: everything but its own. */
function goals(bench: Bench, firstAnnouncing: number): (receiver: Session) => Ledger {
  const all = new Ledger(PREFIXES);
  for (let client = firstAnnouncing; client <= CLIENTS; client++)
    bench.expect(all, client, [blocksOf(client)]);
  const own = new Map<number, Ledger>();
  for (let client = 1; client <= CLIENTS; client++) {
    const goal = all.copy();
    for (let i = 0; i < BLOCKS; i++) goal.set(blocksOf(client).first + i, 0);
    own.set(client, goal);
  }
  return (receiver) => own.get(receiver.options.number)!;
}

const OPTIONS = { family: 'ipv4', prefixes: PREFIXES } as const;

async function openAll(bench: Bench): Promise<Session[]> {
  await bench.watchIdle('ipv4');
  return bench.open(1, CLIENTS, OPTIONS);
}

function announceAll(clients: readonly Session[], prepared: readonly Buffer[][]): void {
  for (const [i, client] of clients.entries()) void client.send(prepared[i]!);
}

async function cluster(bench: Bench): Promise<void> {
  const clients = await openAll(bench);
  const announcements = clients.map((client) => announcementsOf(client.options.number));
  const withdrawals = clients.map((client) =>
    encodeWithdrawals('ipv4', blocksOf(client.options.number).first, BLOCKS),
  );
  const full = goals(bench, 1);
  const empty = new Ledger(PREFIXES);
  const routes = CLIENTS * (CLIENTS - 1) * BLOCKS;
  await bench.phase('announce', routes, async () => {
    announceAll(clients, announcements);
    return { endedAt: await converged(clients, full, bench.cutMs) };
  });
  await bench.phase('withdraw', routes, async () => {
    announceAll(clients, withdrawals);
    return { endedAt: await converged(clients, () => empty, bench.cutMs) };
  });
}

/** The first `FLAPPING` clients die at once, then return and announce again as soon as each is up. */
async function flap(bench: Bench): Promise<void> {
  const clients = await openAll(bench);
  const announcements = clients.map((client) => announcementsOf(client.options.number));
  const returning = bench.prepare(1, FLAPPING, OPTIONS);
  const full = goals(bench, 1);
  const reduced = goals(bench, FLAPPING + 1);
  announceAll(clients, announcements);
  if ((await converged(clients, full, bench.cutMs)) === null) throw new Error('not loaded in time');
  const staying = clients.slice(FLAPPING);
  await bench.phase('drop', staying.length * FLAPPING * BLOCKS, async () => {
    for (const client of clients.slice(0, FLAPPING)) client.drop();
    return { endedAt: await converged(staying, reduced, bench.cutMs) };
  });
  const routes = FLAPPING * (CLIENTS - 1) * BLOCKS + staying.length * FLAPPING * BLOCKS;
  await bench.phase('return', routes, async () => {
    const onEstablished = (client: Session): void =>
      void client.send(announcements[client.options.number - 1]!);
    const returned = await bench.dial(returning, { ...OPTIONS, onEstablished });
    return { endedAt: await converged([...returned, ...staying], full, bench.cutMs) };
  });
}

export const CLUSTER: Scenario = {
  name: 'cluster',
  summary: '500 clients announce 20 blocks each and receive all others',
  acts: [cluster],
};

export const FLAP: Scenario = {
  name: 'flap',
  summary: '100 of 500 clients with 20 blocks each drop, and return',
  acts: [flap],
};
