/**
 * `npm run bench`: Manul and the daemons that a user would pick instead, as route reflectors on loopback, doing the
 * same work in turn. Never part of the tests. Progress and failures go to standard error, the result to standard
 * output.
 */
import { unmetReason } from '../support/requirements.ts';
import type { ReflectorKind } from './daemons/reflector.ts';
import { runKernel } from './kernel/run-kernel.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { playAct } from './play-act.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { type Run, summarize } from './summary.ts';
import { formatTable } from './table.ts';

const progress = (text: string): void => console.error(text);

/** Those that this machine can run; the others are named with the reason. */
function available(daemons: readonly ReflectorKind[]): ReflectorKind[] {
  return daemons.filter((kind) => {
    const reason = unmetReason({ commands: kind.commands, root: kind.needsRoot });
    if (reason !== null) progress(`${kind.name} left out: ${reason}`);
    return reason === null;
  });
}

/** Rounds go over all daemons before the next repeat, so that the machine's moods hit all of them. */
async function runScenario(
  scenario: Scenario,
  daemons: readonly ReflectorKind[],
  options: Options,
  failures: string[],
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const act of scenario.acts.keys()) {
    const cut = new Set<string>();
    for (let round = 1; round <= options.repeats; round++) {
      for (const kind of daemons.filter(({ name }) => !cut.has(name))) {
        const { phases, failure } = await playAct(scenario, act, kind, options);
        for (const result of phases) {
          const seconds =
            result.seconds === null ? `> ${options.cutSec} s` : `${result.seconds.toFixed(3)} s`;
          progress(`${scenario.name} ${result.phase}, ${kind.name}, run ${round}: ${seconds}`);
          runs.push({ scenario: scenario.name, daemon: kind.name, result });
        }
        if (failure !== null) failures.push(`${scenario.name}, ${kind.name}, run ${round}: ${failure}`);
        if (failure !== null || phases.some((phase) => phase.seconds === null)) cut.add(kind.name);
      }
    }
  }
  return runs;
}

/** An interrupted benchmark takes its daemons with it. */
function endOnSignal(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  endOnSignal();
  const daemons = options.scenarios.length === 0 ? [] : available(options.daemons);
  const runs: Run[] = [];
  const failures: string[] = [];
  for (const scenario of options.scenarios) {
    runs.push(...(await runScenario(scenario, daemons, options, failures)));
  }
  if (options.kernel) runs.push(...(await runKernel({ ...options, progress }, failures)));
  const rows = summarize(runs);
  console.log(options.json ? JSON.stringify(rows, null, 2) : formatTable(rows, options.cutSec));
  for (const failure of failures) progress(`FAILED: ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
