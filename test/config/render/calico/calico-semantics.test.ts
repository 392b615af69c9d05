/**
 * `manul render` in situations that calico-semantics decides. Every row of its sections 2.3 to 2.6 and every field of
 * 1.2 to 1.4 occurs: the last tests count them.
 */
import type { NodeConfig } from '@manul/config';
import { KINDS } from '../../../../config/schema/registry.ts';
import { decide } from '../../support/evaluate-policy.ts';
import { config, resourcesOf, warningLines } from '../../support/render-yaml.ts';
import { OPTION_SITUATIONS } from './option-situations.ts';
import { PEER_SITUATIONS } from './peer-situations.ts';
import { POLICY_SITUATIONS } from './policy-situations.ts';
import { SETTING_SITUATIONS } from './setting-situations.ts';
import type { Situation, Verdict } from './situation.ts';

const ALL = [...PEER_SITUATIONS, ...OPTION_SITUATIONS, ...SETTING_SITUATIONS, ...POLICY_SITUATIONS];

function renderSituation({ resources, node, options }: Situation): NodeConfig {
  return config(resources.join(''), node, options);
}

function verdictOf({ speaker }: NodeConfig, { peer: name, direction, route }: Verdict) {
  const peer = speaker.peers.find((candidate) => candidate.name === name);
  return decide(direction === 'import' ? peer!.importPolicy : peer!.exportPolicy, route);
}

test.each(ALL.map((situation) => [situation.cites.join(', '), situation.because, situation] as const))(
  '%s: %s',
  (_cites, _because, situation) => {
    const result = renderSituation(situation);
    const { rendered, agent } = result;
    const { peers } = situation;
    if (peers !== undefined) {
      expect(rendered.peers.map(({ name }) => name).sort()).toEqual(Object.keys(peers).sort());
      expect(Object.fromEntries(rendered.peers.map((peer) => [peer.name, peer]))).toMatchObject(peers);
    }
    if (situation.rendered !== undefined) expect(rendered).toMatchObject(situation.rendered);
    if (situation.agent !== undefined) expect(agent).toMatchObject(situation.agent);
    if (situation.originated !== undefined) {
      expect(rendered.originated.map(({ prefix, reason }) => `${prefix} ${reason}`)).toEqual(
        situation.originated,
      );
    }
    for (const verdict of situation.verdicts ?? []) {
      const { action, terms } = verdictOf(result, verdict);
      expect([verdict.route.prefix, action]).toEqual([verdict.route.prefix, verdict.action]);
      if (verdict.terms !== undefined) expect(terms).toEqual(verdict.terms);
    }
    expect(warningLines(rendered)).toEqual(situation.warnings ?? []);
  },
);

describe('nothing is left out', () => {
  const cited = new Set(ALL.flatMap(({ cites }) => cites));

  test.each([
    ...[
      '2.3 pass 1: global',
      '2.3 pass 2: node-specific',
      '2.3 pass 3: reverse',
      '2.3 key includes the port',
    ],
    ...['2.3 form: peerIP', '2.3 form: peerSelector', '2.3 form: localWorkloadSelector'],
    ...['2.3 reverse: peerIP', '2.3 reverse: peerSelector', '2.3 reverse: carries the options'],
    ...['2.3 reverse never overwrites', '2.3 own address is dropped'],
    ...['2.4 members', '2.4 peer AS', '2.4 port and source', '2.4 password and restart time', '2.4 passive'],
    ...[1, 2, 3, 4, 5, 6, 7].map((row) => `2.5 row ${row}`),
    ...[
      '2.6 iBGP or eBGP',
      '2.6 Route-reflector client',
      '2.6 Passive',
      '2.6 GTSM',
      '2.6 Source',
      '2.6 Next hop',
    ],
    ...['2.6 keepOriginalNextHop', '2.6 allow local AS', '2.6 local AS', '2.6 Password'],
    ...['2.6 Restart time, keepalive', '2.6 Multihop on iBGP mesh'],
  ])('row %s', (row) => {
    expect([...cited]).toContain(row);
  });

  /** Paths of all fields that the situations use, by kind: `spec.importV4.0.cidr` is `importV4[].cidr`. */
  const used = new Map<string, Set<string>>();
  for (const situation of ALL) {
    for (const resource of allResources(situation)) {
      const paths = used.get(resource.kind) ?? new Set();
      collectPaths(resource.spec, '', paths);
      used.set(resource.kind, paths);
    }
  }

  const fieldsOf = (collection: 'bgpConfigurations' | 'bgpPeers') =>
    Object.keys(KINDS[collection].schema.shape.spec.shape);

  test.each([
    ...fieldsOf('bgpConfigurations').map((field) => ['BGPConfiguration', field] as const),
    ...fieldsOf('bgpPeers').map((field) => ['BGPPeer', field] as const),
    ...['importV4', 'exportV4', 'importV6', 'exportV6'].map((field) => ['BGPFilter', `${field}[]`] as const),
    ...Object.keys(ruleShape()).map((field) => ['BGPFilter', `importV4[].${field}`] as const),
    ...['addCommunity', 'prependASPath', 'setPriority'].map(
      (operation) => ['BGPFilter', `importV4[].operations[].${operation}`] as const,
    ),
    ...['asNumber', 'ipv4Address', 'ipv6Address', 'routeReflectorClusterID'].map(
      (field) => ['Node', `bgp.${field}`] as const,
    ),
  ])('%s %s', (kind, field) => {
    expect([...(used.get(kind) ?? [])]).toContain(field);
  });
});

interface AnyObject {
  readonly kind: string;
  readonly spec: unknown;
}

function allResources({ resources }: Situation): AnyObject[] {
  const set = resourcesOf(resources.join(''));
  const collections = [set.bgpConfigurations, set.bgpPeers, set.bgpFilters, set.nodes];
  return collections.flatMap((collection) => [...collection.values()] as AnyObject[]);
}

function collectPaths(value: unknown, path: string, paths: Set<string>): void {
  if (path !== '') paths.add(path);
  if (Array.isArray(value)) for (const entry of value) collectPaths(entry, `${path}[]`, paths);
  else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    for (const [field, entry] of Object.entries(value)) {
      if (entry !== undefined) collectPaths(entry, path === '' ? field : `${path}.${field}`, paths);
    }
  }
}

/** The fields of one rule of a BGPFilter. */
function ruleShape(): object {
  return KINDS.bgpFilters.schema.shape.spec.shape.importV4.unwrap().element.shape;
}
