/** `manul plan`: what another set of resources would change on one node. */
import { compareConfigs } from '../../../src/plan/compare-configs.ts';
import { withoutSecrets } from '../../../src/plan/plan-base.ts';
import type { Plan } from '../../../src/plan/plan-shape.ts';
import { planTable } from '../../../src/plan/plan-table.ts';
import {
  bgpConfiguration,
  bgpPeer,
  calico,
  config,
  dynamicNeighbor,
  node,
  secret,
} from '../../config/support/render-yaml.ts';

const NODES = node('a', { v4: '10.0.0.1/24' }) + node('b', { v4: '10.0.0.2/24' });
const POOL = calico('IPPool', 'pods', { cidr: '10.65.0.0/16' });
const block = (cidr: string) => calico('BlockAffinity', 'x', { cidr, node: 'a' });
const tor = (spec: object = {}) => bgpPeer('tor', { peerIP: '192.0.2.1', asNumber: 65_000, ...spec });
const BASE = NODES + POOL + block('10.65.0.0/26') + tor();

function plan(before: string, after: string): Plan {
  return compareConfigs(withoutSecrets(config(before, 'a')), withoutSecrets(config(after, 'a')));
}

/** `change name` of each session. */
const sessions = (before: string, after: string) =>
  plan(before, after).sessions.map(({ change, name }) => `${change} ${name}`);

test('the same resources change nothing, in whatever order they stand', () => {
  const found = plan(BASE, tor() + block('10.65.0.0/26') + POOL + NODES);
  expect(found).toEqual({
    node: 'a',
    changes: false,
    settings: [],
    sessions: [],
    dynamic: [],
    routes: [],
    kernel: { added: [], removed: [] },
    warnings: [],
  });
  expect(planTable(found)).toBe('a: no change\n');
});

describe('sessions', () => {
  test.each<[string, string, string[]]>([
    ['one that is new', bgpPeer('new', { peerIP: '192.0.2.2', asNumber: 1 }), ['added new']],
    ['a node that is new', node('c', { v4: '10.0.0.3/24' }), ['added mesh/c']],
  ])('%s', (_title, more, expected) => {
    expect(sessions(BASE, BASE + more)).toEqual(expected);
    expect(sessions(BASE + more, BASE)).toEqual(expected.map((line) => line.replace('added', 'removed')));
  });

  test.each<[string, object, string]>([
    ['keepalive interval: in force from the next OPEN on', { keepaliveTime: '5s' }, 'reset tor'],
    ['another AS of ours', { localASNumber: 65_100 }, 'reset tor'],
    ['another AS of the neighbor', { asNumber: 65_001 }, 'reset tor'],
    ['TTL security', { ttlSecurity: 1 }, 'reset tor'],
    ['no source address: another transport', { sourceAddress: 'None' }, 'reset tor'],
    ['next hop mode', { nextHopMode: 'Self' }, 'changed tor'],
    ['own AS in paths', { numAllowedLocalASNumbers: 1 }, 'changed tor'],
    ['filters', { filters: ['f'] }, 'changed tor'],
    ['a key that is missing: held', { password: { secretKeyRef: { name: 's', key: 'k' } } }, 'reset tor'],
  ])('%s', (_title, spec, expected) => {
    const filter = calico('BGPFilter', 'f', { importV4: [{ action: 'Reject' }] });
    expect(sessions(BASE + filter, BASE.replace(tor(), tor(spec)) + filter)).toEqual([expected]);
  });

  test('another name for one transport is no reset', () => {
    const renamed = BASE.replace(tor(), bgpPeer('rack', { peerIP: '192.0.2.1', asNumber: 65_000 }));
    const found = plan(BASE, renamed);
    expect(found.sessions).toMatchObject([
      { name: 'rack', change: 'changed', fields: [{ field: 'name', before: 'tor', after: 'rack' }] },
    ]);
    expect(found.routes).toEqual([]);
  });

  test('another key is a change that shows no key', () => {
    const keyed = (key: string) =>
      BASE.replace(tor(), tor({ password: { secretKeyRef: { name: 's', key: 'k' } } })) +
      secret('s', { k: key });
    const found = plan(keyed('first secret'), keyed('second secret'));
    expect(found.sessions).toMatchObject([
      { name: 'tor', change: 'changed', fields: [{ field: 'password', before: 'set', after: 'set' }] },
    ]);
    expect(JSON.stringify(found) + planTable(found)).not.toMatch(/first|second|[0-9a-f]{64}/);
  });

  test('another router ID resets all', () => {
    const moved = BASE.replace('10.0.0.1/24', '10.0.0.7/24');
    const found = plan(BASE, moved);
    expect(found.settings.map(({ field }) => field)).toContain('routerId');
    expect(found.sessions.map(({ change }) => change)).toEqual(['reset', 'reset']);
  });
});

describe('routes', () => {
  test('another block is withdrawn and announced on every session that its pool lets it out on', () => {
    const found = plan(BASE, BASE.replace('10.65.0.0/26', '10.65.7.0/26'));
    const routes = { announced: ['10.65.7.0/26'], withdrawn: ['10.65.0.0/26'], changed: [] };
    expect(found.routes).toEqual([
      { peer: 'mesh/b', ...routes },
      { peer: 'tor', ...routes },
    ]);
    expect(found.kernel).toEqual({ added: ['blackhole 10.65.7.0/26'], removed: ['blackhole 10.65.0.0/26'] });
    expect(planTable(found)).toContain('  tor:\n      + 10.65.7.0/26\n      - 10.65.0.0/26\n');
  });

  test('disableBGPExport withdraws, communities change, a filter concerns one session', () => {
    const hidden = BASE.replace('"cidr":"10.65.0.0/16"', '"cidr":"10.65.0.0/16","disableBGPExport":true');
    expect(plan(BASE, hidden).routes.map(({ withdrawn }) => withdrawn)).toEqual([
      ['10.65.0.0/26'],
      ['10.65.0.0/26'],
    ]);
    const tagged = bgpConfiguration({
      prefixAdvertisements: [{ cidr: '10.65.0.0/16', communities: ['1:2'] }],
    });
    expect(plan(BASE, BASE + tagged).routes.map(({ changed }) => changed)).toEqual([
      ['10.65.0.0/26'],
      ['10.65.0.0/26'],
    ]);
    const filter = calico('BGPFilter', 'f', { exportV4: [{ action: 'Reject' }] });
    const filtered = BASE.replace(tor(), tor({ filters: ['f'] })) + filter;
    expect(plan(BASE, filtered).routes).toEqual([
      { peer: 'tor', announced: [], withdrawn: ['10.65.0.0/26'], changed: [] },
    ]);
  });
});

test('dynamic neighbors, listening and new warnings', () => {
  const after =
    bgpConfiguration({ listenPort: 1790 }) +
    BASE.replace(tor(), tor({ filters: ['gone'] })) +
    dynamicNeighbor('d', { listenRanges: ['10.0.0.0/8'] });
  const found = plan(BASE, after);
  expect(found.dynamic).toEqual([{ name: 'd', change: 'added', fields: [] }]);
  expect(found.settings.map(({ field }) => field)).toEqual(['listen']);
  expect(found.warnings.map(({ resource }) => resource)).toEqual(['BGPPeer/tor']);
  expect(plan(after, after.replace('10.0.0.0/8', '10.0.0.0/9')).dynamic).toMatchObject([
    {
      name: 'd',
      change: 'changed',
      fields: [{ field: 'listenRanges', before: ['10.0.0.0/8'], after: ['10.0.0.0/9'] }],
    },
  ]);
});

test.each([
  ['holdTime', { holdTime: '30s' }, 'reset'],
  ['families', { families: ['ipv4'] }, 'reset'],
  ['ADD-PATH', { addPath: false }, 'reset'],
  ['TTL security', { ttlSecurity: 1 }, 'reset'],
  ['reflection', { routeReflectorClient: true }, 'changed'],
  ['limit of prefixes', { maxPrefixes: 5 }, 'changed'],
] as const)('clients of a range whose %s changes: %j is %s', (_name, fields, change) => {
  const range = (more: object) => BASE + dynamicNeighbor('d', { listenRanges: ['10.0.0.0/8'], ...more });
  expect(plan(range({}), range(fields)).dynamic).toMatchObject([{ name: 'd', change }]);
});

test("the node's own AS number concerns clients whose range stays as it is", () => {
  const range = dynamicNeighbor('d', { listenRanges: ['10.0.0.0/8'], asNumbers: ['64999'] });
  const found = plan(BASE + range, BASE + bgpConfiguration({ asNumber: 64_999 }) + range);
  expect(found.dynamic).toMatchObject([{ name: 'd', change: 'reset' }]);
});
