/** Half of the receivers of a loaded reflector leave and join again: how soon they hold everything. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../driver/bench.ts';
import { converged } from '../driver/convergence.ts';
import { FAN_OUT_TABLE, setStage } from './one-to-many.ts';
import type { Scenario } from './scenario.ts';

const LEAVING = 50;
/** The daemon has seen them leave before they come back. */
const AWAY_MS = 1000;

async function rejoin(bench: Bench): Promise<void> {
  const stage = await setStage(bench, FAN_OUT_TABLE);
  void stage.sender.send(stage.announcements);
  const loaded = await converged(stage.receivers, () => stage.full, 4 * bench.cutMs);
  if (loaded === null) throw new Error('not loaded in time');
  const leaving = stage.receivers.slice(0, LEAVING);
  for (const receiver of leaving) receiver.drop();
  await sleep(AWAY_MS);
  const { family, prefixes } = FAN_OUT_TABLE;
  const options = { family, prefixes };
  const returning = bench.prepare(leaving[0]!.options.number, LEAVING, options);
  await bench.phase('rejoin', LEAVING * prefixes, async () => {
    const again = await bench.dial(returning, options);
    return { endedAt: await converged(again, () => stage.full, bench.cutMs) };
  });
}

export const REJOIN: Scenario = {
  name: 'rejoin',
  summary: '50 of 100 receivers join a reflector loaded with 100,000 routes again',
  acts: [rejoin],
};
