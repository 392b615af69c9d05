/** The chart's definitions: what the API server lets in and refuses is what `manul check` lets in and refuses, whose function is called. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPaths } from '@manul/config';
import { parse, stringify } from 'yaml';
import { generateCluster } from '../e2e/kubernetes/generated-cluster.ts';
import type { KubernetesObject } from '../harness/kubernetes/api-client.ts';
import { ControlPlane } from '../harness/kubernetes/control-plane.ts';
import { CALICO_V3, MANUL } from '../harness/kubernetes/crds.ts';
import { CHART } from '../harness/kubernetes/helm.ts';
import { describeWith } from '../support/requirements.ts';

jest.setTimeout(180_000);

type Example = readonly [kind: string, spec: object, name?: string];

const objectOf = ([kind, spec, name = 'example']: Example): KubernetesObject => ({
  apiVersion: kind === 'DynamicNeighbor' ? MANUL : CALICO_V3,
  kind,
  metadata: { name },
  spec,
});

const rows = (examples: readonly Example[]): [string, object, KubernetesObject][] =>
  examples.map((example) => [example[0], example[1], objectOf(example)]);

const ACCEPT = { action: 'Accept' };
const GOOD: readonly Example[] = [
  ['BGPConfiguration', {}, 'default'],
  [
    'BGPConfiguration',
    { asNumber: 64512, listenPort: 179, logSeverityScreen: 'info', bindMode: 'NodeIP' },
    'default',
  ],
  ['BGPConfiguration', { asNumber: '64512', nodeMeshMaxRestartTime: '1m30s' }, 'default'],
  [
    'BGPConfiguration',
    { asNumber: '1.10', serviceClusterIPs: [{ cidr: '10.96.0.0/12' }, { cidr: 'fd00::/108' }] },
    'default',
  ],
  [
    'BGPConfiguration',
    {
      communities: [{ name: 'a', value: '1:2' }],
      prefixAdvertisements: [{ cidr: '10.0.0.0/8', communities: ['a', '1:2:3'] }],
    },
    'default',
  ],
  ['BGPConfiguration', { listenPort: 1790 }, 'node.node-1'],
  ['BGPPeer', { peerIP: '10.0.0.1', asNumber: 65001 }],
  ['BGPPeer', { peerIP: '[fd00::1]:1790', asNumber: '65000.1', ttlSecurity: 1, keepaliveTime: '500ms' }],
  [
    'BGPPeer',
    {
      nodeSelector: 'all()',
      peerSelector: "has(rr) && zone == 'a'",
      password: { secretKeyRef: { name: 'a', key: 'b' } },
    },
  ],
  ['BGPPeer', { localWorkloadSelector: "app == 'router'", asNumber: 65001 }],
  ['BGPPeer', { peerIP: 'fe80::1%eth0', asNumber: '0.65001' }],
  ['BGPPeer', { peerIP: '10.0.0.1:65535', asNumber: 4_294_967_295, reachableBy: '10.0.0.9' }],
  ['BGPPeer', { peerIP: '[::ffff:10.0.0.1]:179', asNumber: '4294967295', reachableBy: 'fd00::9' }],
  ['BGPFilter', {}],
  [
    'BGPFilter',
    {
      exportV4: [{ cidr: '10.0.0.0/8', matchOperator: 'In', prefixLength: { min: 24, max: 32 }, ...ACCEPT }],
    },
  ],
  [
    'BGPFilter',
    { importV6: [{ peerType: 'eBGP', ...ACCEPT, operations: [{ addCommunity: { value: '1:2' } }] }] },
  ],
  ['IPPool', { cidr: '10.42.0.0/16', ipipMode: 'CrossSubnet', natOutgoing: true, blockSize: 26 }],
  ['IPPool', { cidr: 'fd00::/48', vxlanMode: 'Always', allowedUses: ['Workload', 'Tunnel'] }],
  ['IPPool', { cidr: '10.42.0.0/28', disabled: true }],
  ['IPPool', { cidr: 'fd00::/48', blockSize: 116, nodeSelector: "zone == 'a'" }],
  ['IPPool', { cidr: '192.0.2.0/24', allowedUses: ['LoadBalancer'], nodeSelector: 'all()' }],
  ['IPPool', { cidr: '10.42.0.0/16', namespaceSelector: 'has(team)', allowedUses: ['Workload'] }],
  ['IPReservation', { reservedCIDRs: ['10.42.0.0/30'] }],
  [
    'FelixConfiguration',
    { vxlanPort: 4789, natPortRange: '1024:65535', routeRefreshInterval: '0' },
    'default',
  ],
  [
    'FelixConfiguration',
    { natPortRange: 1024, bpfEnabled: false, failsafeInboundHostPorts: [] },
    'node.node-1',
  ],
  [
    'DynamicNeighbor',
    { listenRanges: ['10.0.0.0/16', 'fd00::/48'], asNumbers: ['65000-65100', 64512], holdTime: '90s' },
  ],
  [
    'DynamicNeighbor',
    {
      listenRanges: ['10.0.0.0/16'],
      families: ['ipv4'],
      maxSessions: 1,
      interface: 'eth1',
      role: 'customer',
    },
  ],
  [
    'IPAMBlock',
    {
      cidr: '10.42.0.0/26',
      affinity: 'host:node-1',
      allocations: [0, null],
      attributes: [{}],
      deleted: false,
      sequenceNumber: 1,
    },
  ],
  ['BlockAffinity', { cidr: '10.42.0.0/26', node: 'node-1', state: 'confirmed', deleted: 'false' }],
];

const BAD: readonly Example[] = [
  ['BGPConfiguration', {}, 'other'],
  ['BGPConfiguration', { asNumber: 64512 }, 'node.node-1'],
  ['BGPConfiguration', { asNumber: 4_294_967_296 }, 'default'],
  ['BGPConfiguration', { asNumber: 'AS64512' }, 'default'],
  ['BGPConfiguration', { listenPort: 0 }, 'default'],
  ['BGPConfiguration', { listenPort: '179' }, 'default'],
  ['BGPConfiguration', { logSeverityScreen: 'chatty' }, 'default'],
  ['BGPConfiguration', { bindMode: 'nodeip' }, 'default'],
  ['BGPConfiguration', { nodeToNodeMeshEnabled: 'often' }, 'default'],
  ['BGPConfiguration', { nodeToNodeMeshEnabled: false, nodeMeshMaxRestartTime: '90s' }, 'default'],
  ['BGPConfiguration', { nodeMeshMaxRestartTime: '90' }, 'default'],
  ['BGPConfiguration', { communities: [{ name: 'a', value: '1:2' }] }, 'default'],
  ['BGPConfiguration', { serviceClusterIPs: [{ cidr: '10.96.0.0' }] }, 'default'],
  ['BGPConfiguration', { serviceClusterIPs: [{ cidr: '10.96.0.0/99' }] }, 'default'],
  ['BGPConfiguration', { asNumbr: 64512 }, 'default'],
  ['BGPConfiguration', { ignoredInterfaces: ['*'] }, 'default'],
  ['BGPConfiguration', { ignoredInterfaces: ['a-very-long-name'] }, 'default'],
  ['BGPConfiguration', { localWorkloadPeeringIPV4: 'fd00::1' }, 'default'],
  ['BGPConfiguration', { localWorkloadPeeringIPV6: '10.0.0.1' }, 'default'],
  [
    'BGPConfiguration',
    { communities: [{ name: 'a', value: '65536:1' }], prefixAdvertisements: [] },
    'default',
  ],
  ['BGPPeer', {}],
  ['BGPPeer', { peerIP: '10.0.0.1', asNumber: 65001, peerip: '10.0.0.2' }],
  ['BGPPeer', { peerIP: '10.0.0.1', node: 'a', nodeSelector: 'all()' }],
  ['BGPPeer', { peerIP: '10.0.0.1', peerSelector: 'all()' }],
  ['BGPPeer', { peerSelector: 'all()', asNumber: 64512 }],
  ['BGPPeer', { localWorkloadSelector: 'all()' }],
  ['BGPPeer', { peerIP: '10.0.0.1', ttlSecurity: 256 }],
  ['BGPPeer', { peerIP: '10.0.0.1', password: { secretKeyRef: { name: 'a' } } }],
  ['BGPPeer', { peerSelector: 'all()', reachableBy: '10.0.0.1' }],
  ['BGPPeer', { peerIP: 'tor.example', asNumber: 65001 }],
  ['BGPPeer', { peerIP: '10.0.0.256', asNumber: 65001 }],
  ['BGPPeer', { peerIP: '10.0.0.1:0', asNumber: 65001 }],
  ['BGPPeer', { peerIP: '[fd00::1]:65536', asNumber: 65001 }],
  ['BGPPeer', { peerIP: '10.0.0.1', asNumber: '65536.1' }],
  ['BGPPeer', { peerIP: '10.0.0.1', reachableBy: 'fd00::1' }],
  ['BGPPeer', { peerIP: '[fd00::1]:179', reachableBy: '10.0.0.9' }],
  ['BGPPeer', { peerIP: '10.0.0.1', keepOriginalNextHop: true, nextHopMode: 'Self' }],
  ['BGPFilter', { exportV4: [{ cidr: '10.0.0.0/8', ...ACCEPT }] }],
  ['BGPFilter', { exportV4: [{ matchOperator: 'In', ...ACCEPT }] }],
  ['BGPFilter', { exportV4: [{}] }],
  ['BGPFilter', { exportV4: [{ action: 'Maybe' }] }],
  [
    'BGPFilter',
    { exportV4: [{ cidr: '10.0.0.0/8', matchOperator: 'In', prefixLength: { max: 33 }, ...ACCEPT }] },
  ],
  ['BGPFilter', { importV4: [{ communities: { values: ['1'] }, ...ACCEPT }] }],
  ['BGPFilter', { importV4: [{ communities: { values: ['1:65536'] }, ...ACCEPT }] }],
  ['BGPFilter', { importV4: [{ communities: { values: ['1:02'] }, ...ACCEPT }] }],
  ['BGPFilter', { importV4: [{ cidr: '10.0.0.0/33', matchOperator: 'In', ...ACCEPT }] }],
  ['BGPFilter', { importV4: [{ cidr: 'fd00::/8', matchOperator: 'In', ...ACCEPT }] }],
  ['BGPFilter', { importV6: [{ cidr: '10.0.0.0/8', matchOperator: 'In', ...ACCEPT }] }],
  ['BGPFilter', { importV4: [{ interface: 'eth 0', ...ACCEPT }] }],
  ['BGPFilter', { importV4: [{ action: 'Reject', operations: [{ setPriority: { value: 1 } }] }] }],
  ['BGPFilter', { importV4: [{ ...ACCEPT, operations: [{}] }] }],
  [
    'BGPFilter',
    {
      exportV6: [{ ...ACCEPT, operations: [{ setPriority: { value: 1 }, addCommunity: { value: '1:2' } }] }],
    },
  ],
  ['IPPool', {}],
  ['IPPool', { cidr: '10.42.0.0' }],
  ['IPPool', { cidr: '10.42.0.0/33' }],
  ['IPPool', { cidr: '169.254.0.0/16' }],
  ['IPPool', { cidr: 'fe80::/64' }],
  ['IPPool', { cidr: '10.42.0.0/16', blockSize: 19 }],
  ['IPPool', { cidr: '10.42.0.0/16', blockSize: 33 }],
  ['IPPool', { cidr: '10.42.0.0/28' }],
  ['IPPool', { cidr: 'fd00::/48', blockSize: 26 }],
  ['IPPool', { cidr: '10.42.0.0/16', nodeSelector: 'global ()' }],
  ['IPPool', { cidr: '10.42.0.0/16', allowedUses: ['LoadBalancer', 'Workload'] }],
  ['IPPool', { cidr: '10.42.0.0/16', allowedUses: ['LoadBalancer'], vxlanMode: 'Always' }],
  ['IPPool', { cidr: '10.42.0.0/16', allowedUses: ['LoadBalancer'], disableBGPExport: true }],
  ['IPPool', { cidr: '10.42.0.0/16', allowedUses: ['LoadBalancer'], nodeSelector: 'has(rack)' }],
  ['IPPool', { cidr: '10.42.0.0/16', namespaceSelector: 'has(team)' }],
  ['IPPool', { cidr: '10.42.0.0/16', ipipMode: 'Sometimes' }],
  ['IPPool', { cidr: '10.42.0.0/16', ipipMode: 'Always', vxlanMode: 'CrossSubnet' }],
  ['IPPool', { cidr: 'fd00::/48', ipipMode: 'Always' }],
  ['IPPool', { cidr: '10.42.0.0/16', blockSize: 'large' }],
  ['IPReservation', { reservedCIDRs: '10.0.0.0/8' }],
  ['FelixConfiguration', { vxlanPort: 65_536 }, 'default'],
  ['FelixConfiguration', { ipForwarding: 'On' }, 'default'],
  ['DynamicNeighbor', {}],
  ['DynamicNeighbor', { listenRanges: [] }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0'] }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], families: [] }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], holdTime: '90' }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], interface: 'a b' }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], role: 'friend' }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], maxPrefix: 5 }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/33'] }],
  ['DynamicNeighbor', { listenRanges: ['fd00::/129'] }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], asNumbers: ['rack'] }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], asNumbers: ['0'] }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], holdTime: '2s' }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], holdTime: '90500ms' }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], holdTime: '24h' }],
  ['IPAMBlock', { cidr: 'none', deleted: false }],
  ['BlockAffinity', { cidr: '10.42.0.0/26', state: 'confirmed', deleted: 'false' }],
];

/** An API server of the oldest release that the chart installs on cannot see these: `manul check`, status, Events and conditions tell them. */
const BAD_ONLY_TO_MANUL: readonly Example[] = [
  ['BGPPeer', { nodeSelector: 'zone ==', peerIP: '10.0.0.1' }],
  ['BGPConfiguration', { prefixAdvertisements: [{ cidr: '10.0.0.0/8', communities: ['b'] }] }, 'default'],
  ['IPPool', { cidr: '10.42.0.1/16' }],
  ['DynamicNeighbor', { listenRanges: ['10.0.0.0/8'], asNumbers: ['65100-65000'] }],
  ['FelixConfiguration', {}, 'anything'],
];

describeWith({ kubernetesTools: ['api'], commands: ['openssl'] }, "the chart's definitions", () => {
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await ControlPlane.start();
    const folder = join(CHART, 'files/crds');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.yaml'),
    );
    const crds = files.map((path) => parse(readFileSync(join(folder, path), 'utf8')) as KubernetesObject);
    await plane.installCrds(crds);
  });
  afterAll(() => plane?.stop());

  /** What each of them says; nothing is stored. */
  async function judge(object: KubernetesObject): Promise<{ server: boolean; check: boolean; said: string }> {
    const path = await plane.admin.pathOf(object);
    const collection = path.slice(0, path.lastIndexOf('/'));
    const answer = await plane.admin.request(
      'POST',
      `${collection}?dryRun=All&fieldValidation=Strict`,
      object,
    );
    const file = plane.folder.write('example.yaml', stringify(object));
    const problems = (await checkPaths([file])).filter(({ severity }) => severity !== 'note');
    return {
      server: answer.status === 201,
      check: problems.length === 0,
      said: [(answer.body as { message?: string }).message, ...problems.map(({ text }) => text)].join('; '),
    };
  }

  test.each(rows(GOOD))('%s %j is let in by both', async (_kind, _spec, object) => {
    expect(await judge(object)).toMatchObject({ server: true, check: true });
  });

  test.each(rows(BAD))('%s %j is refused by both', async (_kind, _spec, object) => {
    expect(await judge(object)).toMatchObject({ server: false, check: false });
  });

  test.each(rows(BAD_ONLY_TO_MANUL))(
    '%s %j is refused by manul check alone',
    async (_kind, _spec, object) => {
      expect(await judge(object)).toMatchObject({ server: true, check: false });
    },
  );

  test("all of a generated cluster's resources are let in", async () => {
    const kinds = new Set(GOOD.map(([kind]) => kind));
    const objects = generateCluster(CALICO_V3, 3).filter(
      ({ kind, apiVersion }) => kinds.has(kind) && [CALICO_V3, MANUL].includes(apiVersion),
    );
    expect(objects.length).toBeGreaterThan(10);
    for (const object of objects) {
      expect([object.kind, object.metadata.name, (await judge(object)).said]).toEqual([
        object.kind,
        object.metadata.name,
        expect.not.stringContaining('invalid'),
      ]);
    }
  });
});
