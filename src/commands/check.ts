/** `manul check PATH…`: validates resources without running anything. */
import { checkPaths, type ResourceProblem } from '@manul/config';
import type { CommandContext } from '../cli/command.ts';
import { CommandError } from '../cli/command-error.ts';
import { problemLine } from '../daemon/problem-log.ts';
import { escapeControl } from '../output/escape.ts';
import { writeValue } from '../output/format.ts';
import { outputFormat } from './connect.ts';

/** @throws CommandError (exit code 1) when anything is wrong; notes about skipped kinds are no error */
export async function check({ arguments: raw }: CommandContext): Promise<void> {
  const problems = await checkPaths(raw.list('path'));
  await writeValue(process.stdout, outputFormat(raw), problems, () => problems.map(lineOf).join(''));
  const errors = problems.filter((problem) => problem.severity !== 'note');
  if (errors.length === 0) return;
  const files = [...new Set(errors.map((problem) => problem.file ?? 'resources'))];
  const count = errors.length === 1 ? '1 problem' : `${errors.length} problems`;
  throw new CommandError(`${files.join(', ')}: ${count}`);
}

function lineOf(problem: ResourceProblem): string {
  return `${escapeControl(problemLine(problem))}\n`;
}
