/**
 * Announces routes to a daemon in this network namespace, and waits until the kernel has them: all of them added,
 * then with another next hop, then withdrawn. Prints one JSON line for each phase.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeAnnouncements, encodeWithdrawals } from '../driver/encode-routes.ts';
import { Session } from '../driver/session.ts';
import { evenSets } from '../scenarios/scenario.ts';
import {
  type KernelJob,
  type KernelPhase,
  NEXT_HOPS,
  PHASE_PAUSE_MS,
  prefixText,
  ROUNDS,
} from './kernel-job.ts';
import { routeCount } from './kernel-table.ts';
import { RouteSocket } from './route-socket.ts';

const POLL_MS = 2;
/** Routes of one attribute set, as in the other scenarios. */
const ROUTES_PER_SET = 10;

async function main(job: KernelJob): Promise<void> {
  const { target, asn, routes, cutMs } = job;
  const sets = evenSets(routes, routes / ROUTES_PER_SET);
  const [first, second] = NEXT_HOPS.map((nextHop) => encodeAnnouncements({ family: 'ipv4', nextHop }, sets));
  const withdrawals = encodeWithdrawals('ipv4', 0, routes);
  const session = new Session({ target, asn, number: 1, family: 'ipv4', prefixes: 0 });
  session.discards = true;
  const established = new Promise<void>((resolve, reject) => {
    session.onPhase = (phase) => {
      if (phase === 'established') resolve();
      else if (phase === 'closed') reject(new Error(`the session closed: ${session.reason}`));
    };
  });
  session.dial();
  await established;
  // The daemon has time to settle what the session's coming up brings along.
  await sleep(1000);
  const tell = (phase: KernelPhase): void => console.log(JSON.stringify(phase));
  tell({ phase: 'ready', seconds: 0 });
  await sleep(PHASE_PAUSE_MS);
  const base = routeCount();
  const kernel = new RouteSocket();
  const last = prefixText(routes - 1).replace('.0/24', '.1');
  /** The last route tells when to look, which costs nothing; then all are counted, which does, after the clock is read. */
  const measure = async (
    phase: KernelPhase['phase'],
    pieces: readonly Buffer[],
    gateway: string | null,
    isDone: () => boolean,
  ): Promise<void> => {
    const startedAt = performance.now();
    void session.send(pieces);
    let seconds: number | null = null;
    while (seconds === null && performance.now() - startedAt < cutMs) {
      await sleep(POLL_MS);
      if (kernel.gatewayOf(last) !== gateway) continue;
      const elapsed = (performance.now() - startedAt) / 1000;
      if (isDone()) seconds = elapsed;
    }
    tell({ phase, seconds });
    if (seconds === null) process.exit(0);
    await sleep(PHASE_PAUSE_MS);
  };
  for (const round of ROUNDS) {
    await measure(`add${round}`, first!, NEXT_HOPS[0], () => routeCount() >= base + routes);
    // A changed route counts as before.
    await measure(`change${round}`, second!, NEXT_HOPS[1], () => kernel.countVia(NEXT_HOPS[1]) === routes);
    await measure(`delete${round}`, withdrawals, null, () => routeCount() <= base);
  }
  process.exit(0);
}

await main(JSON.parse(process.argv[2]!) as KernelJob);
