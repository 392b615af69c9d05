/** The driver process: plays one act of one scenario against a running daemon and reports each phase. */
import { ALL_SCENARIOS } from '../scenarios/all-scenarios.ts';
import { Bench, PhaseCut } from './bench.ts';
import type { DriverMessage, Job } from './job.ts';
import { warmUp } from './warm-up.ts';

async function play(job: Job): Promise<void> {
  const act = ALL_SCENARIOS.find((scenario) => scenario.name === job.scenario)?.acts[job.act];
  if (act === undefined) throw new Error(`no act ${job.act} of ${job.scenario}`);
  warmUp();
  await act(new Bench(job, (result) => tell({ kind: 'phase', result })));
}

function tell(message: DriverMessage): void {
  process.send?.(message);
}

async function main(): Promise<void> {
  process.once('disconnect', () => process.exit(1)); // whoever wanted the result is gone
  try {
    await play(JSON.parse(process.argv[2] ?? '{}') as Job);
    tell({ kind: 'done' });
  } catch (error) {
    if (error instanceof PhaseCut) tell({ kind: 'done' });
    else tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
  process.exit(0);
}

await main();
