/**
 * No text that a user writes ends the process: arbitrary text, broken YAML, and valid resources in which any value is
 * replaced by any other. Whatever is accepted can be rendered, and the last good version of the rest stays in force.
 * MANUL_FUZZ_RUNS sets the number of cases.
 */
import { renderNode } from '@manul/config';
import { type ReadDocument, readDocuments } from '../../../config/datastore/read-documents.ts';
import { ResourceLedger } from '../../../config/datastore/resource-ledger.ts';
import { makeResourceSet, type PlacedResource } from '../../../config/schema/resource-set.ts';
import fc from '../../support/property.ts';

const RUNS = Number(process.env['MANUL_FUZZ_RUNS'] ?? 400);

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const calico = (kind: string, name: string, spec: Json, metadata: object = {}) =>
  ({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name, ...metadata }, spec }) as unknown as Json;
const core = (kind: string, name: string, rest: object, apiVersion = 'v1') =>
  ({
    apiVersion,
    kind,
    metadata: { name, namespace: 'n', labels: { 'kubernetes.io/service-name': 's' } },
    ...rest,
  }) as unknown as Json;
const rule = {
  cidr: '10.0.0.0/8',
  matchOperator: 'In',
  prefixLength: { min: 8, max: 26 },
  interface: 'eth*',
  peerType: 'eBGP',
  source: 'RemotePeers',
  communities: { values: ['65001:1'] },
  asPathPrefix: [65_001, '1.5'],
  priority: 1024,
  action: 'Accept',
  operations: [
    { addCommunity: { value: '1:2:3' } },
    { prependASPath: { prefix: [1] } },
    { setPriority: { value: 5 } },
  ],
};

/** A resource of every kind, with most of its fields. */
const SEEDS: readonly Json[] = [
  calico('BGPConfiguration', 'default', {
    asNumber: '64512',
    listenPort: 179,
    bindMode: 'NodeIP',
    nodeToNodeMeshEnabled: true,
    nodeMeshPassword: { secretKeyRef: { name: 's', key: 'k' } },
    nodeMeshMaxRestartTime: '120s',
    serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
    serviceExternalIPs: [{ cidr: 'fd00:1::/64' }],
    serviceLoadBalancerIPs: [{ cidr: '192.0.2.1/32' }],
    communities: [{ name: 'c', value: '1:2' }],
    prefixAdvertisements: [{ cidr: '10.0.0.0/8', communities: ['c', '1:2:3'] }],
    ignoredInterfaces: ['eth*'],
    ipv4NormalRoutePriority: 1024,
  }),
  calico('BGPPeer', 'p', {
    nodeSelector: 'has(rack) && !(rack in {"1", "2"}) || all()',
    peerIP: '[fd00::2]:1790',
    asNumber: 65_000,
    localASNumber: '1.10',
    nextHopMode: 'Keep',
    password: { secretKeyRef: { name: 's', key: 'k' } },
    sourceAddress: 'None',
    maxRestartTime: '1m30s',
    keepaliveTime: '3s',
    numAllowedLocalASNumbers: 1,
    ttlSecurity: 2,
    reachableBy: 'fd00::3',
    filters: ['f', 'gone'],
    reversePeering: 'Auto',
  }),
  calico('BGPPeer', 'q', { peerSelector: 'all()', node: 'a' }),
  calico('BGPPeer', 'r', { localWorkloadSelector: 'has(bgp)', asNumber: 65_001 }),
  calico('BGPFilter', 'f', { importV4: [rule], exportV4: [rule] } as unknown as Json),
  calico('IPPool', 'pool', {
    cidr: '10.65.0.0/16',
    blockSize: 26,
    ipipMode: 'CrossSubnet',
    natOutgoing: true,
    nodeSelector: 'all()',
  }),
  calico('IPReservation', 'res', { reservedCIDRs: ['10.65.0.1/32'] }),
  calico('FelixConfiguration', 'default', {
    routeRefreshInterval: '90s',
    deviceRouteProtocol: 80,
    interfacePrefix: 'cali,tap',
    ipv4NormalRoutePriority: 7,
  }),
  calico('Node', 'a', {
    bgp: {
      ipv4Address: '10.0.0.1/24',
      ipv6Address: 'fd00::1/64',
      asNumber: 64_512,
      routeReflectorClusterID: '1.1.1.1',
      ipv4IPIPTunnelAddr: '10.65.0.9',
    },
    orchRefs: [{ orchestrator: 'k8s', nodeName: 'a' }],
    ipv4VXLANTunnelAddr: '10.65.0.8',
    vxlanTunnelMACAddr: '66:00:00:00:00:01',
  }),
  calico('Node', 'b', { bgp: { ipv4Address: '10.0.0.2' } }, { labels: { rack: '1' } }),
  calico(
    'WorkloadEndpoint',
    'w',
    { node: 'a', interfaceName: 'cali1', ipNetworks: ['10.65.0.2/32'], mac: 'ee:ee:ee:ee:ee:ee' },
    { namespace: 'n', labels: { bgp: '' } },
  ),
  calico('IPAMBlock', 'block', {
    cidr: '10.65.0.0/26',
    affinity: 'host:b',
    allocations: [null, 0],
    attributes: [{ handle_id: 'h', secondary: { node: 'a' } }],
    unallocated: [2],
    sequenceNumber: 1,
  }),
  calico('BlockAffinity', 'aff', { cidr: '10.65.1.0/26', node: 'a', state: 'confirmed' }),
  calico('IPAMHandle', 'h', { handleID: 'h', block: { '10.65.0.0/26': 1 } }),
  {
    apiVersion: 'manul.dev/v1alpha1',
    kind: 'DynamicNeighbor',
    metadata: { name: 'd' },
    spec: {
      listenRanges: ['10.0.0.0/8', 'fd00::/48'],
      asNumbers: ['64512', '65000-65100'],
      holdTime: '90s',
      filters: ['f'],
      maxPrefixes: 5,
      ttlSecurity: 1,
      passwordFile: 'x',
    },
  },
  core('Node', 'k', { spec: { podCIDR: '10.244.0.0/24' } }),
  core('Pod', 'pod', {
    spec: { nodeName: 'a' },
    status: { phase: 'Running', podIPs: [{ ip: '10.65.0.3' }] },
  }),
  core('Service', 's', {
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.7',
      externalTrafficPolicy: 'Local',
      externalIPs: ['fd00:1::7'],
    },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  }),
  core(
    'EndpointSlice',
    's-1',
    { addressType: 'IPv4', endpoints: [{ addresses: ['10.65.0.3'], nodeName: 'a' }] },
    'discovery.k8s.io/v1',
  ),
  core('Secret', 's', { data: { k: 'eA==' }, stringData: { l: 'y' } }),
];

/** Values to put where another one is expected. */
const nasty: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    '',
    ' ',
    0,
    -1,
    1e308,
    2 ** 53,
    0.5,
    '0',
    '-1',
    'NaN',
    '0x1F',
    '1e9',
    'yes',
    '~',
    '<<',
    '__proto__',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.1/8',
    'fd00::/129',
    '::ffff:10.0.0.1',
    'fe80::1%eth0',
    '0.0.0.0',
    '::',
    '255.255.255.255',
    'has(',
    '!!!!',
    'a == "',
    '65536:1',
    '1:2:3:4',
    '4294967295',
    '-5s',
    '1h1h',
    '99999999999h',
    'a'.repeat(300),
    '\u0000',
    '\ud800',
    [],
    {},
    [[]],
    [null],
    { '': '' },
  ),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  fc.constantFrom<Json>(...SEEDS),
);

/** A copy in which one value somewhere inside is replaced, removed, or put beside a new key. */
const mutated: fc.Arbitrary<Json> = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(fc.tuple(fc.nat(), fc.nat(3), nasty, fc.string({ maxLength: 6 })), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([seed, changes]) =>
    changes.reduce<Json>(
      (value, [at, how, replacement, key]) => change(value, { left: at % 60 }, how, replacement, key),
      seed,
    ),
  );

function change(value: Json, counter: { left: number }, how: number, replacement: Json, key: string): Json {
  if (counter.left-- === 0) return replacement;
  if (Array.isArray(value)) return value.map((entry: Json) => change(entry, counter, how, replacement, key));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, entry]): [string, Json][] => {
    if (counter.left === 0 && how === 1) {
      counter.left--;
      return [];
    }
    if (counter.left === 0 && how === 2) {
      counter.left--;
      return [
        [name, entry],
        [key, replacement],
      ];
    }
    return [[name, change(entry, counter, how, replacement, key)]];
  });
  return Object.fromEntries(entries);
}

function read(text: string): ReadDocument[] {
  return [...readDocuments(text, new Map())].flatMap(({ documents }) => documents);
}

function validOf(documents: readonly ReadDocument[]): PlacedResource[] {
  return documents.flatMap(({ parsed }) => (parsed.outcome === 'valid' ? [parsed] : []));
}

function renderAll(resources: readonly PlacedResource[]): void {
  const set = makeResourceSet(resources);
  for (const node of ['a', 'b', 'k', 'nobody']) {
    const { rendered, speaker, agent } = renderNode(set, { node, routerId: null, namespace: 'n' });
    JSON.stringify([rendered, speaker, agent]);
  }
}

const SEED_TEXT = SEEDS.map((seed) => `---\n${JSON.stringify(seed)}\n`).join('');

test('the seeds are valid, so that what is built on them reaches deep', () => {
  const documents = read(SEED_TEXT);
  expect(documents.flatMap(({ problems }) => problems)).toEqual([]);
  expect(documents.filter(({ parsed }) => parsed.outcome === 'valid')).toHaveLength(SEEDS.length);
  renderAll(validOf(documents));
});

test('mutated resources are accepted or refused, and what is accepted can be rendered beside the others', () => {
  const others = validOf(read(SEED_TEXT));
  fc.assert(
    fc.property(fc.array(mutated, { minLength: 1, maxLength: 4 }), (objects) => {
      const text = objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');
      renderAll([...others, ...validOf(read(text))]);
    }),
    { numRuns: RUNS },
  );
});

const yamlLine = fc.oneof(
  fc.constantFrom(
    '---',
    '...',
    '%YAML 1.2',
    '%TAG ! x:',
    'kind: List',
    'items:',
    '- &a [*a]',
    '- *b',
    '? {',
    '}',
    ']',
    'a: |',
    '  text',
    'b: >-',
    '\t- x',
    'spec: &s {x: *s}',
    '<<: *s',
    '!!binary x',
    '!<tag:yaml.org,2002:int> x',
    '"\\x',
    "'",
    '# c',
    '- - - -',
    'k: [',
    '\ufeff---',
    'apiVersion: v1',
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
);

test('arbitrary lines between the lines of valid documents', () => {
  const lines = SEED_TEXT.replaceAll(',', ',\n  ').split('\n');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.boolean(), yamlLine), { minLength: 1, maxLength: 8 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      (edits, lineBreak) => {
        const edited = [...lines];
        for (const [at, isInsertion, line] of edits)
          edited.splice(at % edited.length, isInsertion ? 0 : 1, line);
        for (const { problems, line } of read(edited.join(lineBreak))) {
          expect(line).toBeGreaterThan(0);
          for (const problem of problems) expect(problem.line).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns: RUNS },
  );
});

test('whatever happens to one file, the others stay, and so does the last good version of what it holds', () => {
  const good = read(SEED_TEXT);
  const other = read(
    `apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: other}\nspec: {peerIP: 10.9.9.9, asNumber: 1}\n`,
  );
  fc.assert(
    fc.property(fc.array(mutated, { minLength: 1, maxLength: 3 }), (objects) => {
      const ledger = new ResourceLedger();
      const idOf = ({ collection, key }: PlacedResource) => `${collection} ${key}`;
      const before = new Map(
        ledger
          .apply([
            { file: 'a', documents: good, unreadable: null },
            { file: 'b', documents: other, unreadable: null },
          ])
          .entries.map((entry) => [idOf(entry), entry.resource]),
      );
      const documents = read(objects.map((object) => `---\n${JSON.stringify(object)}\n`).join(''));
      const { entries } = ledger.apply([
        { file: 'a', documents, unreadable: null },
        { file: 'b', documents: other, unreadable: null },
      ]);
      const after = new Map(entries.map((entry) => [idOf(entry), entry.resource]));
      expect(after.get('bgpPeers other')).toBe(before.get('bgpPeers other'));
      const fresh = new Set<unknown>(validOf(documents).map(({ resource }) => resource));
      for (const [id, resource] of after)
        expect(fresh.has(resource) || before.get(id) === resource).toBe(true);
      for (const { parsed } of documents) {
        if (parsed.outcome !== 'invalid' || parsed.collection === null || parsed.key === null) continue;
        const id = `${parsed.collection} ${parsed.key}`;
        if (before.has(id)) expect(after.get(id)).toBe(before.get(id));
      }
    }),
    { numRuns: RUNS },
  );
});
