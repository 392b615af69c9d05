/** `manul render PATH… --node NAME`, or from the cluster: what a node would run with, computed as `run` does, nothing started. */
import {
  type LoadedPaths,
  loadPaths,
  type NodeConfig,
  type RenderedNode,
  type RenderOptions,
  renderNode,
} from '@manul/config';
import type { CommandContext } from '../cli/command.ts';
import { CommandError, reasonOf } from '../cli/command-error.ts';
import { clusterScope, openClusterOf } from '../daemon/open-datastore.ts';
import { problemLine } from '../daemon/problem-log.ts';
import { type DatastoreChoice, readDatastore, readRenderOptions } from '../daemon/run-options.ts';
import { escapeControl } from '../output/escape.ts';
import { writeValue } from '../output/format.ts';
import { outputFormat } from './connect.ts';
import { renderedTable } from './rendered-table.ts';

/**
 * @throws CommandError (exit code 1) when a file cannot be read at all, and then nothing is rendered; or when resources
 *   are invalid: what is valid is rendered all the same, as `run` would
 */
export async function render({ arguments: raw }: CommandContext): Promise<void> {
  const options = readRenderOptions(raw);
  const { resources, problems } = await load(readDatastore(raw, 'path'), options);
  const unreadable = problems.find(
    ({ severity, file, line }) => severity === 'error' && file !== null && line === null,
  );
  if (unreadable !== undefined) throw new CommandError(problemLine(unreadable));
  const config: NodeConfig = renderNode(resources, options);
  const rendered: RenderedNode = config.rendered;
  await writeValue(process.stdout, outputFormat(raw), rendered, () => renderedTable(rendered));
  const lines = problems.filter((problem) => problem.severity !== 'note').map(problemLine);
  for (const line of lines) console.error(`manul: ${escapeControl(line)}`);
  const errors = problems.filter((problem) => problem.severity === 'error');
  if (errors.length > 0) throw new CommandError(`invalid resources are left out: ${errors.length}`);
}

async function load(datastore: DatastoreChoice, options: RenderOptions): Promise<LoadedPaths> {
  if (datastore.kind === 'file') return loadPaths(datastore.paths);
  try {
    const client = await openClusterOf(datastore, 'render');
    const { loadCluster } = await import('@manul/config/cluster');
    return await loadCluster({ ...clusterScope(options), client });
  } catch (error) {
    throw new CommandError(reasonOf(error));
  }
}
