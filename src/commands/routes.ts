/** `manul routes [PREFIX]`: the RIBs, or what the agent has in the kernel. */
import type { RouteStatus } from '@manul/bgp';
import type { KernelRouteStatus } from '@manul/felix-like';
import type { RawArguments } from '../cli/arguments.ts';
import type { CommandContext } from '../cli/command.ts';
import { usageError } from '../cli/command-error.ts';
import { type ControlClient, DaemonRefusal } from '../control/control-client.ts';
import { formatDuration } from '../output/duration.ts';
import { writeRows } from '../output/format.ts';
import type { Column } from '../output/table.ts';
import { pathText } from '../output/text.ts';
import { agentClient, controlClient, outputFormat, unlessAbsent } from './connect.ts';

const COLUMNS: readonly Column<RouteStatus>[] = [
  { title: 'PREFIX', value: (route) => route.prefix },
  { title: 'NEXT HOP', value: (route) => route.nextHop },
  { title: 'BEST', value: (route) => (route.best ? '*' : '') },
  { title: 'PEER', value: (route) => route.peer },
  { title: 'AS PATH', value: pathText },
  { title: 'LOCAL PREF', value: (route) => route.localPref ?? '', align: 'right' },
  { title: 'MED', value: (route) => route.med ?? '', align: 'right' },
  { title: 'ORIGINATOR', value: (route) => route.originatorId ?? '' },
  { title: 'AGE', value: (route) => formatDuration(route.age), align: 'right' },
  { title: 'COMMUNITIES', value: (route) => [...route.communities, ...route.largeCommunities].join(' ') },
];

const KERNEL_COLUMNS: readonly Column<KernelRouteStatus>[] = [
  { title: 'PREFIX', value: (route) => route.prefix },
  { title: 'TYPE', value: (route) => route.type },
  { title: 'NEXT HOP', value: (route) => nextHopsOf(route, 'address') ?? route.nextHop ?? '' },
  { title: 'INTERFACE', value: (route) => nextHopsOf(route, 'interfaceName') ?? route.interfaceName ?? '' },
  { title: 'METRIC', value: (route) => route.metric, align: 'right' },
  { title: 'WANTED FOR', value: (route) => route.reason ?? 'nothing' },
  { title: 'IN KERNEL', value: (route) => (route.inSync ? 'yes' : (route.found ?? 'no')) },
  { title: 'ERROR', value: (route) => route.error ?? '' },
];

/** Of a route with several next hops all of them, else null. */
function nextHopsOf({ nextHops }: KernelRouteStatus, field: 'address' | 'interfaceName'): string | null {
  return nextHops.length === 0 ? null : nextHops.map((nextHop) => nextHop[field] ?? '').join(' ');
}

export async function routes(context: CommandContext): Promise<void> {
  const { arguments: raw } = context;
  const client = controlClient(context);
  const format = outputFormat(raw);
  const target = `/api/v1/routes?${readQuery(raw)}`;
  if (raw.isOn('kernel')) {
    const rows = (await kernelRows(client, target)) as AsyncIterable<readonly KernelRouteStatus[]>;
    await writeRows(process.stdout, format, rows, KERNEL_COLUMNS);
  } else {
    const rows = (await client.rows(target)) as AsyncIterable<readonly RouteStatus[]>;
    await writeRows(process.stdout, format, rows, COLUMNS);
  }
}

const PLACES = ['received', 'advertised', 'kernel'];

/** What a wrong value is, the daemon says; here only what excludes each other. */
function readQuery(raw: RawArguments): URLSearchParams {
  const places = PLACES.filter((place) => raw.isOn(place) || raw.text(place) !== undefined);
  if (places.length > 1) throw usageError(`--${places.join(' and --')} exclude each other`);
  if (raw.text('prefix') !== undefined && raw.text('longest') !== undefined) {
    throw usageError('a prefix and --longest exclude each other');
  }
  const query = new URLSearchParams();
  for (const name of ['prefix', 'longest', 'family', 'received', 'advertised']) {
    const text = raw.text(name);
    if (text !== undefined) query.set(name, text);
  }
  for (const name of ['all', 'kernel']) if (raw.isOn(name)) query.set(name, 'true');
  return query;
}

/** The agent may be a process of its own beside the speaker. */
async function kernelRows(client: ControlClient, target: string): Promise<AsyncIterable<readonly unknown[]>> {
  const other = (): Promise<AsyncIterable<readonly unknown[]> | null> =>
    unlessAbsent(agentClient(client).rows(target));
  try {
    return (await unlessAbsent(client.rows(target))) ?? (await other()) ?? (await client.rows(target));
  } catch (error) {
    const rows = error instanceof DaemonRefusal && error.status === 404 ? await other() : null;
    if (rows === null) throw error;
    return rows;
  }
}
