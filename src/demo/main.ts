/** `npm run demo`: shows Manul at work on this machine, and leaves nothing behind. */
import { reasonOf } from '../cli/command-error.ts';
import { chooseMode } from './choose-mode.ts';
import { DemoFailure } from './demo-failure.ts';
import { Interruption, stopOnInterruption } from './interruption.ts';
import { showNamespaces } from './namespaces-mode.ts';
import { type DemoOptions, readOptions, USAGE } from './options.ts';
import { showProcesses } from './processes-mode.ts';
import { createScreen } from './screen.ts';
import { createStage, type Stage } from './stage.ts';

const Status = { Success: 0, Failure: 1, Usage: 2 } as const;

async function main(words: readonly string[]): Promise<number> {
  let options: DemoOptions;
  try {
    options = readOptions(words);
  } catch (error) {
    console.error(`demo: ${reasonOf(error)}; see npm run demo -- --help`);
    return Status.Usage;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return Status.Success;
  }
  return run(options);
}

async function run(options: DemoOptions): Promise<number> {
  const stop = new AbortController();
  stopOnInterruption(stop);
  const isColoured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const screen = createScreen((text) => process.stdout.write(text), isColoured);
  const stage = createStage(screen, stop);
  let status: number;
  try {
    status = await perform(stage, options);
  } catch (error) {
    stop.abort(error); // whatever else is still going on has no purpose any more
    status = statusOf(error);
  }
  return (await tidyUp(stage)) ? status : Status.Failure;
}

async function perform(stage: Stage, options: DemoOptions): Promise<number> {
  const { screen } = stage;
  screen.title('Manul: routes to pods by BGP, through a route reflector that knows no client by name');
  const { mode, why } = await chooseMode(stage, options.mode);
  screen.print(`mode: ${mode}, ${why}`);
  const started = performance.now();
  const show = mode === 'namespaces' ? showNamespaces(stage, options.router) : showProcesses(stage);
  const toTry = await show;
  screen.title(`\nAll shown, in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
  if (options.exit) return Status.Success;
  screen.print(`It keeps running. To try:\n${toTry.map((line) => `  ${line}`).join('\n')}`);
  screen.title('Ctrl-C ends it and leaves nothing behind.');
  await new Promise((resolve) => stage.signal.addEventListener('abort', resolve, { once: true }));
  if (stage.signal.reason instanceof Interruption) return Status.Success;
  throw stage.signal.reason;
}

function statusOf(error: unknown): number {
  if (error instanceof Interruption) return error.status;
  console.error(
    `demo: ${error instanceof DemoFailure ? error.message : String((error as Error).stack ?? error)}`,
  );
  return Status.Failure;
}

/** @returns true when nothing is left */
async function tidyUp({ cleanup, screen }: Stage): Promise<boolean> {
  const problems = await cleanup.run();
  for (const problem of problems) console.error(`demo: not removed: ${problem}`);
  if (problems.length === 0) screen.title('\nStopped, nothing is left behind.');
  return problems.length === 0;
}

process.exitCode = await main(process.argv.slice(2));
