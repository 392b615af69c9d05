/** `manul render PATH… --node NAME`: what a node would run with, computed as `run` does, nothing started. */
import { loadPaths, type NodeConfig, type RenderedNode, renderNode } from '@manul/config';
import { CommandError } from '../cli/command-error.ts';
import type { CommandContext } from '../cli/program.ts';
import { problemLine } from '../daemon/problem-log.ts';
import { readRenderOptions, requireFileDatastore } from '../daemon/run-options.ts';
import { escapeControl } from '../output/escape.ts';
import { writeValue } from '../output/format.ts';
import { outputFormat } from './connect.ts';
import { renderedTable } from './rendered-table.ts';

/**
 * @throws CommandError (exit code 1) when a file cannot be read at all, and then nothing is rendered; or when resources
 *   are invalid: what is valid is rendered all the same, as `run` would
 */
export async function render({ arguments: raw }: CommandContext): Promise<void> {
  requireFileDatastore(raw);
  const { resources, problems } = await loadPaths(raw.list('path'));
  const unreadable = problems.find(({ severity, line }) => severity === 'error' && line === null);
  if (unreadable !== undefined) throw new CommandError(problemLine(unreadable));
  const config: NodeConfig = renderNode(resources, readRenderOptions(raw));
  const rendered: RenderedNode = config.rendered;
  await writeValue(process.stdout, outputFormat(raw), rendered, () => renderedTable(rendered));
  const lines = problems.filter((problem) => problem.severity !== 'note').map(problemLine);
  for (const line of lines) console.error(`manul: ${escapeControl(line)}`);
  const errors = problems.filter((problem) => problem.severity === 'error');
  if (errors.length > 0) throw new CommandError(`invalid resources are left out: ${errors.length}`);
}
