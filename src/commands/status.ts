/** `manul status`: how the node is doing, speaker and agent in one report. */

import { FAMILIES, type Family } from '@manul/bgp/net';
import type { ForwardingStatus, MtuStatus } from '@manul/felix-like';
import type { CommandContext } from '../cli/command.ts';
import type { ControlClient } from '../control/control-client.ts';
import { problemLine, staleLines, warningLine } from '../daemon/problem-log.ts';
import { joinReports, type KernelReport, type StatusReport } from '../daemon/status-report.ts';
import { drainText } from '../output/drain-text.ts';
import { formatDuration } from '../output/duration.ts';
import { escapeControl } from '../output/escape.ts';
import { writeValue } from '../output/format.ts';
import { formatFields } from '../output/table.ts';
import { agentClient, controlClient, outputFormat, unlessAbsent } from './connect.ts';

export async function status(context: CommandContext): Promise<void> {
  const report = await nodeReport(controlClient(context));
  await writeValue(process.stdout, outputFormat(context.arguments), report, () => statusTable(report));
}

/** Asks both processes where the roles are apart; either may be missing, not both. */
async function nodeReport(client: ControlClient): Promise<StatusReport> {
  const target = '/api/v1/status';
  const own = (await unlessAbsent(client.get(target))) as StatusReport | null;
  if (own?.roles.includes('agent') === true) return own;
  const agent = (await unlessAbsent(agentClient(client).get(target))) as StatusReport | null;
  if (own !== null) return agent === null ? own : joinReports(own, agent);
  // The message about a missing daemon names the socket that was asked for.
  return agent ?? ((await client.get(target)) as StatusReport);
}

function statusTable(report: StatusReport): string {
  const problems = report.datastore.problems.filter((problem) => problem.severity !== 'note');
  return [
    formatFields(fieldsOf(report)),
    section('Not up to date', staleLines(report.datastore.stale)),
    section('Problems in resources', problems.map(problemLine)),
    section('Warnings', report.datastore.warnings.map(warningLine)),
    section('Tunnels', (report.kernel?.devices ?? []).map(deviceLine)),
    section(
      'Kernel differences',
      (report.kernel?.differences ?? []).map(({ prefix, text }) => `${prefix} ${text}`),
    ),
    section('Forwarding', report.kernel?.forwarding?.problems ?? []),
    section(
      'Packets',
      (report.kernel?.nftables.counters ?? []).map(({ name, packets, bytes }) => {
        return `${name}: ${packets} packets, ${bytes} bytes`;
      }),
    ),
    section(
      'Forwarding on this host',
      (report.kernel?.nftables.hostForward ?? []).map(
        ({ chain, state, text }) => `${chain}, ${state}: ${text}`,
      ),
    ),
    section(
      'Last errors',
      report.lastErrors.map(({ at, object, text }) => `${at} ${object}: ${text}`),
    ),
  ].join('');
}

type DeviceReport = NonNullable<StatusReport['kernel']>['devices'][number];

/** `vxlan.calico: up, MTU 1450, 10.65.1.2, 12 ends known`, and what is wrong with it. */
function deviceLine({
  interfaceName,
  kind,
  isPresent,
  isUp,
  mtu,
  addresses,
  peers,
  error,
}: DeviceReport): string {
  const states = [
    isPresent ? (isUp ? 'up' : 'down') : 'does not exist',
    ...(mtu === null ? [] : [`MTU ${mtu}`]),
    addresses.length === 0 ? 'no address' : addresses.join(' '),
    ...(kind === 'vxlan' ? [`${peers} ${peers === 1 ? 'end' : 'ends'} known`] : []),
  ];
  return `${interfaceName}: ${states.join(', ')}${error === null ? '' : `: ${error}`}`;
}

function fieldsOf(report: StatusReport): readonly (readonly [string, string | number])[] {
  const { routes, kernel, link, sessions } = report;
  const optional: readonly (readonly [string, string | number | null])[] = [
    ['Node', report.node],
    ['Roles', report.roles.join(', ')],
    ['Ready', yesNo(report.ready)],
    ['Up', formatDuration(report.uptimeSeconds)],
    ['Version', report.version],
    ['AS', report.asn],
    ['Router ID', report.routerId],
    ['Cluster ID', report.clusterId],
    ...FAMILIES.map((family) => [`${FAMILY_NAMES[family]} address`, addressText(report, family)] as const),
    ['HTTP', report.http],
    ['Datastore in sync', yesNo(report.datastore.inSync)],
    ['Drain', report.drain && drainText(report.drain)],
    ['Sessions', sessions && sessionsText(sessions)],
    [
      'Routes',
      routes && `${routes.prefixes.ipv4} IPv4, ${routes.prefixes.ipv6} IPv6, ${routes.originated} own`,
    ],
    ['Paths', routes && `${routes.paths.ipv4} IPv4, ${routes.paths.ipv6} IPv6`],
    ['Kernel in sync', kernel && yesNo(kernel.inSync)],
    ['Kernel routes', kernel && `${kernel.actual} of ${kernel.desired}`],
    ['Refused', kernel && refusedText(kernel.refused)],
    ['nftables', kernel && nftablesText(kernel.nftables)],
    ['Forwarding', kernel?.forwarding ? forwardingText(kernel.forwarding) : null],
    ['MTU', kernel?.mtu ? mtuText(kernel.mtu) : null],
    ['Workloads', kernel?.workloads ?? null],
    ['Blocks', kernel?.blocks ?? null],
    ['Learnt routes', kernel && `${kernel.learnt}${kernel.learntInSync ? '' : ', not complete yet'}`],
    ['Role link', link && (link.connected ? link.kind : `${link.kind}, not connected`)],
  ];
  return optional.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

const FAMILY_NAMES = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;

/** `10.0.0.1/24, by first-found` */
function addressText({ nodeAddresses }: StatusReport, family: Family): string | null {
  const status = nodeAddresses[family];
  if (status === undefined) return null;
  const { address, source, error } = status;
  const found = address === null ? 'none' : `${address}, ${source === 'given' ? 'given' : `by ${source}`}`;
  return error === null ? found : `${found} (${error})`;
}

/** `1500 of eth0, 1480 in IPIP, 1480 for workloads` */
function mtuText({ underlay, interfaceName, ipip, vxlan, workload }: MtuStatus): string {
  const parts: readonly (string | null)[] = [
    interfaceName === null ? `${underlay} assumed` : `${underlay} of ${interfaceName}`,
    ipip && `${ipip} in IPIP`,
    vxlan.ipv4 && `${vxlan.ipv4} in VXLAN`,
    vxlan.ipv6 && `${vxlan.ipv6} in VXLAN over IPv6`,
    `${workload} for workloads`,
  ].map((part) => (part === null ? null : String(part)));
  return parts.filter((part) => part !== null).join(', ');
}

/** `IPv4, IPv6; reverse path filter off` */
function forwardingText({ ipv4, ipv6, rpFilter, gatewayInterface }: ForwardingStatus): string {
  const families = [ipv4 ? 'IPv4' : '', ipv6 ? 'IPv6' : ''].filter((name) => name !== '').join(', ');
  const gateway =
    gatewayInterface === null
      ? ''
      : `; without a default route, pods find their gateway by a route over ${gatewayInterface}`;
  return `${families === '' ? 'none' : families}; reverse path filter ${rpFilter ?? 'unknown'}${gateway}`;
}

/** `3 routes, 1 neighbour`, or null where nothing is refused. */
function refusedText(refused: KernelReport['refused']): string | null {
  const parts = Object.entries(refused).flatMap(([kind, count]) =>
    count === 0 ? [] : [SINGLE.has(kind) ? kind : `${count} ${kind}${count === 1 ? '' : 's'}`],
  );
  return parts.length === 0 ? null : parts.join(', ');
}

/** What there is one of. */
const SINGLE: ReadonlySet<string> = new Set(['kernel', 'nftables']);

function nftablesText({ state, error, repairs }: KernelReport['nftables']): string {
  if (state === 'off') return 'no table needed';
  if (state === 'failed') return `failed: ${error}`;
  if (state === 'unavailable') return `not available: ${error}`;
  const repaired = repairs === 0 ? '' : `, repaired ${repairs} times`;
  return `${state === 'inSync' ? 'in sync' : 'being written'}${repaired}`;
}

/** `3 Established, 1 Active`; states without a session are left out. */
function sessionsText(sessions: NonNullable<StatusReport['sessions']>): string {
  const states = Object.entries(sessions).filter(([, count]) => count > 0);
  return states.length === 0 ? 'none' : states.map(([state, count]) => `${count} ${state}`).join(', ');
}

function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `\n${title}:\n${lines.map((line) => `  ${escapeControl(line)}\n`).join('')}`;
}

function yesNo(claim: boolean): string {
  return claim ? 'yes' : 'no';
}
