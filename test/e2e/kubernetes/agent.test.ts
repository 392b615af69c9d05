/** A node's daemon on a real API server and a real kernel: what it writes about its node, and the routes to its pods. */

import { pollUntil } from '../../harness/deadline.ts';
import type { KubernetesObject } from '../../harness/kubernetes/api-client.ts';
import { grantObjects } from '../../harness/kubernetes/api-grants.ts';
import { ControlPlane } from '../../harness/kubernetes/control-plane.ts';
import { CALICO_V3, calicoCrds, MANUL, manulCrds } from '../../harness/kubernetes/crds.ts';
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { NamespacePort } from '../../harness/process/namespace-port.ts';
import { NetworkNamespace } from '../../harness/process/network-namespace.ts';
import { outputOf } from '../../harness/process/run-command.ts';
import { describeWith } from '../../support/requirements.ts';
import { grantsOf } from './granted-calls.ts';

const TEST_MS = 120_000;
/** What Calico derives of `default.web-1` (a golden value of `sha1sum`). */
const POD_INTERFACE = 'cali0761ccbeace';
const NODE: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'kube-node-1', annotations: { 'projectcalico.org/IPv6Address': 'fd00::9/64' } },
  spec: { podCIDR: '10.44.0.0/24', podCIDRs: ['10.44.0.0/24'] },
};
const POD: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'default' },
  spec: { nodeName: 'kube-node-1', containers: [{ name: 'one', image: 'none' }] },
};
const NEIGHBOR: KubernetesObject = {
  apiVersion: MANUL,
  kind: 'DynamicNeighbor',
  metadata: { name: 'broken' },
  spec: { listenRanges: ['nonsense'] },
};

describeWith(
  { kubernetesTools: ['api'], commands: ['openssl', 'ip', 'unshare', 'mount'], root: true },
  'agent on a cluster',
  () => {
    let plane: ControlPlane;
    let namespace: NetworkNamespace;
    let port: NamespacePort;
    let manul: ManulDaemon;

    const ip = (...words: readonly string[]): Promise<string> => outputOf('ip', words, { namespace });
    const conditionsOf = async (object: KubernetesObject) => {
      const { status } = (await plane.admin.read(object)) as {
        status?: { conditions?: { type: string; status: string }[] };
      };
      return status?.conditions ?? [];
    };

    beforeAll(async () => {
      plane = await ControlPlane.start();
      await plane.installCrds([...calicoCrds(CALICO_V3), ...manulCrds()]);
      await plane.createNamespace('manul-system');
      await plane.admin.createAll(grantObjects('manul-system/manul', grantsOf(['speaker', 'agent'])));
      await plane.admin.create(NODE);
      await plane.admin.patch(
        NODE,
        { status: { addresses: [{ type: 'InternalIP', address: '10.0.1.1' }] } },
        'status',
      );
      await plane.admin.patch(
        NODE,
        {
          status: { conditions: [{ type: 'NetworkUnavailable', status: 'True', reason: 'NoRouteCreated' }] },
        },
        'status',
        'strategic-merge',
      );
      await plane.admin.create({
        apiVersion: CALICO_V3,
        kind: 'IPPool',
        metadata: { name: 'pods' },
        spec: { cidr: '10.44.0.0/16', vxlanMode: 'CrossSubnet' },
      });
      namespace = new NetworkNamespace('node', []);
      for (const [name, peer] of [
        ['eth0', 'wire'],
        [POD_INTERFACE, 'pod'],
      ] as const) {
        await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', peer);
        await ip('link', 'set', name, 'up');
        await ip('link', 'set', peer, 'up');
      }
      await ip('address', 'add', '10.0.1.1/24', 'dev', 'eth0');
      port = await NamespacePort.open(namespace, Number(new URL(plane.url).port));
      manul = await ManulDaemon.start({
        node: 'kube-node-1',
        files: {},
        roles: 'speaker,agent',
        namespace,
        cluster: {
          serviceAccountFolder: await plane.serviceAccountFolder('manul-system', 'manul'),
          server: plane.url,
        },
      });
    }, 240_000);

    afterAll(async () => {
      await manul?.stop();
      await port?.close();
      namespace?.remove();
      await plane?.stop();
    }, 60_000);

    test(
      'the Node gets the annotations that Calico would write; one that exists is kept',
      async () => {
        const annotations = await pollUntil(async () => {
          const found = (await plane.admin.read(NODE)).metadata['annotations'] as Record<string, string>;
          return found['projectcalico.org/IPv4Address'] === undefined ? null : found;
        }, 'the annotations');
        expect(annotations).toEqual({
          'projectcalico.org/IPv4Address': '10.0.1.1/24',
          'projectcalico.org/IPv6Address': 'fd00::9/64',
          'projectcalico.org/IPv4VXLANTunnelAddr': '10.44.0.1',
          'projectcalico.org/VXLANTunnelMACAddr': '66:a8:6f:cf:1c:56',
        });
      },
      TEST_MS,
    );

    test(
      'NetworkUnavailable is cleared once the routes are there',
      async () => {
        const cleared = await pollUntil(
          async () =>
            (await conditionsOf(NODE)).find(
              ({ type, status }) => type === 'NetworkUnavailable' && status === 'False',
            ),
          'the condition is cleared',
          { deadlineMs: 100_000 },
        );
        expect(cleared).toMatchObject({ reason: 'ManulIsUp' });
        expect(await ip('route')).toMatch(/^blackhole 10\.44\.0\.0\/24 proto 80/m);
      },
      TEST_MS,
    );

    test(
      'a pod of the node gets its route, as long as it is there',
      async () => {
        await plane.admin.create(POD);
        await plane.admin.patch(
          POD,
          { status: { phase: 'Running', podIP: '10.44.0.5', podIPs: [{ ip: '10.44.0.5' }] } },
          'status',
        );
        const route = await pollUntil(async () => {
          return /^10\.44\.0\.5 .*$/m.exec(await ip('route'))?.[0];
        }, 'the route of the pod');
        expect(route).toContain(`dev ${POD_INTERFACE} proto 80 scope link`);
        await plane.admin.delete(POD);
        await pollUntil(
          async () => (/^10\.44\.0\.5 /m.test(await ip('route')) ? null : true),
          'the route is gone',
        );
      },
      TEST_MS,
    );

    test(
      'an invalid resource gets a condition and one Event',
      async () => {
        await plane.admin.create(NEIGHBOR);
        const condition = await pollUntil(
          async () => (await conditionsOf(NEIGHBOR)).find(({ type }) => type === 'Accepted'),
          'a condition',
          { deadlineMs: 60_000 },
        );
        expect(condition).toMatchObject({
          status: 'False',
          reason: 'Invalid',
          message: expect.stringContaining('spec.listenRanges[0]'),
        });
        const events = await pollUntil(async () => {
          const { items } = (await plane.admin.must(
            'GET',
            '/apis/events.k8s.io/v1/namespaces/default/events',
          )) as {
            items: { regarding?: { name: string }; note: string; type: string }[];
          };
          const ours = items.filter(({ regarding }) => regarding?.name === 'broken');
          return ours.length === 0 ? null : ours;
        }, 'an Event');
        expect(events).toMatchObject([{ type: 'Warning', note: expect.stringContaining('nonsense') }]);
        expect(await manul.run('status')).toMatchObject({
          stdout: expect.stringContaining('DynamicNeighbor/broken: spec.listenRanges[0]'),
        });
        await plane.admin.patch(NEIGHBOR, { spec: { listenRanges: ['10.0.0.0/8'] } });
        await pollUntil(
          async () =>
            (await conditionsOf(NEIGHBOR)).find(
              ({ type, status }) => type === 'Accepted' && status === 'True',
            ),
          'the condition is true again',
          { deadlineMs: 60_000 },
        );
      },
      TEST_MS,
    );

    test('nothing was asked for that its ServiceAccount may not do', () => {
      const asked = plane.auditLog.entriesOf('system:serviceaccount:manul-system:manul');
      expect(asked.length).toBeGreaterThan(20);
      expect(asked.filter(({ decision }) => decision !== 'allow')).toEqual([]);
    });
  },
);
