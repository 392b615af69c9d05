/** `manul plan PATH…`: what would change if the daemon had these resources instead of those that it has. */
import { type LoadedPaths, loadPaths, type RenderOptions, renderNode } from '@manul/config';
import type { CommandContext } from '../cli/command.ts';
import { CommandError, ExitCode } from '../cli/command-error.ts';
import { problemLine } from '../daemon/problem-log.ts';
import { readRenderOptions } from '../daemon/run-options.ts';
import { escapeControl } from '../output/escape.ts';
import { writeValue } from '../output/format.ts';
import { compareConfigs } from '../plan/compare-configs.ts';
import { PLAN_BASE_PATH, type PlanBase, withoutSecrets } from '../plan/plan-base.ts';
import { planTable } from '../plan/plan-table.ts';
import { controlClient, outputFormat } from './connect.ts';

/**
 * Exit code 0: nothing would change; 3: something would.
 * @throws CommandError (exit code 1) when resources are invalid, or there is nothing to compare with
 */
export async function plan(context: CommandContext): Promise<ExitCode> {
  const raw = context.arguments;
  const { resources } = await loadValid(raw.list('path'));
  const base = await readBase(context);
  const after = withoutSecrets(renderNode(resources, base.options));
  const found = compareConfigs(base.config, after);
  await writeValue(process.stdout, outputFormat(raw), found, () => planTable(found));
  return found.changes ? ExitCode.Changes : ExitCode.Success;
}

/** What `--from` says, else what the daemon of this machine runs with. */
async function readBase(context: CommandContext): Promise<PlanBase> {
  const raw = context.arguments;
  const given = readRenderOptions(raw);
  const from = raw.list('from');
  if (from.length > 0) {
    const { resources } = await loadValid(from);
    return { options: given, config: withoutSecrets(renderNode(resources, given)) };
  }
  const base = (await controlClient(context).get(PLAN_BASE_PATH)) as PlanBase;
  return { options: chosenOptions(raw, given, base.options), config: base.config };
}

/** The daemon's own, unless a flag says otherwise. */
function chosenOptions(
  raw: CommandContext['arguments'],
  given: RenderOptions,
  running: RenderOptions,
): RenderOptions {
  const flags = {
    node: 'node',
    routerId: 'router-id',
    namespace: 'namespace',
    advertiseClusterIps: 'advertise-cluster-ips',
    missingPassword: 'missing-password',
  };
  const named = Object.entries(flags).filter(([, flag]) => raw.text(flag) !== undefined);
  const chosen = Object.fromEntries(named.map(([field]) => [field, given[field as keyof typeof flags]]));
  return { ...running, ...chosen };
}

/** @throws CommandError naming the first thing that is wrong */
async function loadValid(paths: readonly string[]): Promise<LoadedPaths> {
  const loaded = await loadPaths(paths);
  const errors = loaded.problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return loaded;
  const others = errors.length === 1 ? '' : ` (and ${errors.length - 1} more, see manul check)`;
  throw new CommandError(`${escapeControl(problemLine(errors[0]!))}${others}`);
}
