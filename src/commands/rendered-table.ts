/** `manul render` for people. */
import type { RenderedDynamicNeighbor, RenderedNode, RenderedPeer } from '@manul/config';
import { warningLine } from '../daemon/problem-log.ts';
import { escapeControl } from '../output/escape.ts';
import { type Column, formatFields, formatTable } from '../output/table.ts';

const PEERS: readonly Column<RenderedPeer>[] = [
  { title: 'NAME', value: (peer) => peer.name },
  { title: 'KIND', value: (peer) => peer.kind },
  { title: 'ADDRESS', value: (peer) => peer.address },
  { title: 'PORT', value: (peer) => peer.port, align: 'right' },
  { title: 'AS', value: (peer) => peer.asn, align: 'right' },
  { title: 'FAMILIES', value: (peer) => peer.families.join(',') },
  {
    title: 'OPTIONS',
    value: (peer) =>
      options({
        passive: peer.passive,
        client: peer.routeReflectorClient,
        password: peer.password,
        [`next hop ${peer.nextHop}`]: peer.nextHop !== 'auto',
        [`TTL security ${peer.ttlSecurity}`]: peer.ttlSecurity !== null,
        [`at most ${peer.maxPrefixes} prefixes`]: peer.maxPrefixes !== null,
        [`held: ${peer.held}`]: peer.held !== null,
      }),
  },
  { title: 'FILTERS', value: (peer) => filters(peer) },
  { title: 'FROM', value: (peer) => peer.resource },
];

const DYNAMIC: readonly Column<RenderedDynamicNeighbor>[] = [
  { title: 'NAME', value: (neighbor) => neighbor.name },
  { title: 'RANGES', value: (neighbor) => neighbor.listenRanges.join(',') },
  { title: 'AS', value: (neighbor) => neighbor.asNumbers.join(',') },
  { title: 'FAMILIES', value: (neighbor) => neighbor.families.join(',') },
  { title: 'SESSIONS', value: (neighbor) => neighbor.maxSessions, align: 'right' },
  { title: 'PREFIXES', value: (neighbor) => neighbor.maxPrefixes ?? 'no limit', align: 'right' },
  {
    title: 'OPTIONS',
    value: (neighbor) =>
      options({
        client: neighbor.routeReflectorClient,
        password: neighbor.password,
        'no ADD-PATH': !neighbor.addPath,
        [`TTL security ${neighbor.ttlSecurity}`]: neighbor.ttlSecurity !== null,
        [`held: ${neighbor.held}`]: neighbor.held !== null,
      }),
  },
  { title: 'FILTERS', value: (neighbor) => filters(neighbor) },
  { title: 'FROM', value: (neighbor) => neighbor.resource },
];

const ORIGINATED: readonly Column<RenderedNode['originated'][number]>[] = [
  { title: 'PREFIX', value: (entry) => entry.prefix },
  { title: 'REASON', value: (entry) => entry.reason },
  { title: 'FROM', value: (entry) => entry.resource },
];

const POOLS: readonly Column<RenderedNode['pools'][number]>[] = [
  { title: 'CIDR', value: (pool) => pool.cidr },
  { title: 'EXPORT', value: (pool) => (pool.export ? 'yes' : 'no') },
  { title: 'ENCAPSULATION', value: (pool) => pool.encapsulation },
  { title: 'FROM', value: (pool) => pool.resource },
];

export function renderedTable(node: RenderedNode): string {
  const communities = node.communities.map(
    ({ prefix, communities: values }) => `${prefix} ${values.join(' ')}`,
  );
  return [
    formatFields([
      ['Node', node.node],
      ['AS', node.asn],
      ['Router ID', node.routerId],
      ['Cluster ID', node.clusterId ?? 'none'],
      ['Listen', node.listen.map(({ address, port }) => `${address} port ${port}`).join(', ') || 'none'],
      ['Route priority', `${node.routePriority.ipv4} IPv4, ${node.routePriority.ipv6} IPv6`],
      ['Decision', decisionText(node.decision)],
      ...(communities.length === 0 ? [] : [['Communities', communities.join(', ')] as const]),
    ]),
    section('Peers', PEERS, node.peers),
    section('Dynamic neighbors', DYNAMIC, node.dynamic),
    section('Originated', ORIGINATED, node.originated),
    section('Pools', POOLS, node.pools),
    lines('Warnings', node.warnings.map(warningLine)),
  ].join('');
}

function decisionText({ alwaysCompareMed, multipath, maxPaths }: RenderedNode['decision']): string {
  const shared =
    multipath === 'none'
      ? 'one path carries the traffic'
      : `up to ${maxPaths} paths ${MULTIPATH_TEXTS[multipath]} share the traffic`;
  return alwaysCompareMed ? `MED is always compared, ${shared}` : shared;
}

const MULTIPATH_TEXTS = { same: 'with the same AS path', relaxed: 'with AS paths of one length' } as const;

function section<Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return rows.length === 0 ? '' : `\n${title}:\n${formatTable(columns, rows)}`;
}

function lines(title: string, texts: readonly string[]): string {
  return texts.length === 0 ? '' : `\n${title}:\n${texts.map((text) => `${escapeControl(text)}\n`).join('')}`;
}

/** The options that are on, by their names. */
function options(claims: Readonly<Record<string, boolean>>): string {
  const on = Object.entries(claims).filter(([, claim]) => claim);
  return on.map(([name]) => name).join(', ');
}

function filters(peer: {
  readonly importFilters: readonly string[];
  readonly exportFilters: readonly string[];
}): string {
  const parts = [
    peer.importFilters.length === 0 ? null : `in ${peer.importFilters.join(',')}`,
    peer.exportFilters.length === 0 ? null : `out ${peer.exportFilters.join(',')}`,
  ];
  return parts.filter((part) => part !== null).join('; ');
}
