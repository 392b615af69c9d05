/** `manul explain PREFIX|ADDRESS [--to PEER]`: why a route is, or is not, here, best, with a peer, in the kernel. */
import type { ExplainedExport, ExplainedPath, ExplainStep } from '@manul/bgp';
import type { KernelRouteStatus } from '@manul/felix-like';
import type { CommandContext } from '../cli/command.ts';
import type { ControlClient } from '../control/control-client.ts';
import { type ExplainReport, explainKernel, kernelQuery } from '../http/explain.ts';
import { escapeControl } from '../output/escape.ts';
import { writeValue } from '../output/format.ts';
import { type Column, formatTable } from '../output/table.ts';
import { pathText } from '../output/text.ts';
import { agentClient, controlClient, outputFormat, unlessAbsent } from './connect.ts';

/** Rows of one table; the other formats have all. */
const MAX_ROWS = 60;

interface Row {
  readonly subject: string;
  readonly outcome: string;
  readonly rule: string;
  readonly resource: string;
}

const columns = (subject: string): readonly Column<Row>[] => [
  { title: subject, value: (row) => row.subject },
  { title: 'OUTCOME', value: (row) => row.outcome },
  { title: 'RULE', value: (row) => row.rule },
  { title: 'RESOURCE', value: (row) => row.resource },
];

export async function explain(context: CommandContext): Promise<void> {
  const { arguments: raw } = context;
  const client = controlClient(context);
  const asked = raw.text('route') ?? '';
  const query = new URLSearchParams({ [asked.includes('/') ? 'prefix' : 'address']: asked });
  const to = raw.text('to');
  if (to !== undefined) query.set('to', to);
  const report = await withKernel(client, (await client.get(`/api/v1/explain?${query}`)) as ExplainReport);
  await writeValue(process.stdout, outputFormat(raw), report, () => explainTable(report));
}

/** The agent may be a process of its own beside the speaker. */
async function withKernel(client: ControlClient, report: ExplainReport): Promise<ExplainReport> {
  if (report.kernel.routes !== null) return report;
  const { query, prefix } = report;
  const asked = kernelQuery(query.includes('/') ? { prefix: query } : { address: query }, prefix);
  const target = `/api/v1/routes?${new URLSearchParams({ kernel: 'true', ...asked })}`;
  const batches = await unlessAbsent(agentClient(client).rows(target));
  if (batches === null) return report;
  const routes: KernelRouteStatus[] = [];
  for await (const batch of batches) routes.push(...(batch as readonly KernelRouteStatus[]));
  return { ...report, kernel: explainKernel(routes, prefix) };
}

function explainTable(report: ExplainReport): string {
  const { paths, exports, resources } = report;
  return [
    `${escapeControl(headline(report))}\n`,
    section(
      'PATH FROM',
      paths.flatMap((path) => pathRows(path, resources)),
    ),
    section(
      'TO',
      exports.flatMap((one) => exportRows(one, resources)),
    ),
    `\nKernel: ${escapeControl(report.kernel.text)}\n`,
  ].join('');
}

function headline({ query, prefix, absent, coveredBy, best, nextHops }: ExplainReport): string {
  const name = prefix === null || prefix === query ? query : `${query} is in ${prefix}`;
  const covered = coveredBy === null ? '' : `; ${coveredBy} covers it`;
  if (absent !== null) return `${name}: not here: ${absent}${covered}`;
  if (best === null) return `${name}: received, but no path is eligible${covered}`;
  return best === 'local'
    ? `${name}: our own route is best`
    : `${name}: best from ${best}, via ${nextHops.join(', ')}`;
}

function section(subject: string, rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const left = rows.length - MAX_ROWS;
  const more = left > 0 ? `… and ${left} more rows, see -o json\n` : '';
  return `\n${formatTable(columns(subject), rows.slice(0, MAX_ROWS))}${more}`;
}

function pathRows(path: ExplainedPath, resources: ExplainReport['resources']): Row[] {
  const attributes = [
    path.nextHop === '' || path.peer === 'local' ? '' : `next hop ${path.nextHop}`,
    `AS path ${pathText(path)}`,
    path.localPref === null ? '' : `LOCAL_PREF ${path.localPref}`,
    path.med === null ? '' : `MED ${path.med}`,
  ];
  const first: Row = {
    subject: path.pathId === null ? path.peer : `${path.peer} (path ${path.pathId})`,
    outcome: path.state,
    rule: attributes.filter((text) => text !== '').join(', '),
    resource: resources[path.peer] ?? '',
  };
  return [first, ...path.steps.map(stepRow)];
}

function exportRows(one: ExplainedExport, resources: ExplainReport['resources']): Row[] {
  const more = one.peerCount > 3 ? ` and ${one.peerCount - 3} more` : '';
  const first: Row = {
    subject: one.peers.slice(0, 3).join(', ') + more,
    outcome: one.sent ? 'sent' : 'not sent',
    rule: one.from === null ? 'no path' : `path from ${one.from}${routeText(one)}`,
    resource: one.peerCount === 1 ? (resources[one.peers[0] ?? ''] ?? '') : '',
  };
  return [first, ...one.steps.map(stepRow)];
}

function routeText({ route }: ExplainedExport): string {
  return route === null ? '' : `, as next hop ${route.nextHop}, AS path ${pathText(route)}`;
}

function stepRow({ stage, outcome, rule, resource }: ExplainStep): Row {
  return { subject: `  ${stage}`, outcome, rule, resource: resource ?? '' };
}
