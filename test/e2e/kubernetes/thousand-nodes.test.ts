/** One node's daemons in a cluster of 1,000: how long until they know it, at what memory, and with which requests. */

import { pollUntil } from '../../harness/deadline.ts';
import type { KubernetesObject } from '../../harness/kubernetes/api-client.ts';
import { grantObjects } from '../../harness/kubernetes/api-grants.ts';
import { ControlPlane } from '../../harness/kubernetes/control-plane.ts';
import { CALICO_V3, calicoCrds, manulCrds } from '../../harness/kubernetes/crds.ts';
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { NamespacePort } from '../../harness/process/namespace-port.ts';
import { NetworkNamespace } from '../../harness/process/network-namespace.ts';
import { describeWith } from '../../support/requirements.ts';
import { parseExposition, sampleOf } from '../support/exposition.ts';
import { usageOf } from '../support/process-usage.ts';

const NODES = 1000;
/** Ten times what was measured. */
const MAX_SECONDS = 60;
const MAX_RSS_BYTES = 400 * 1024 * 1024;
/** A list of 200 Nodes a page, and one list and one watch of each other kind, with some to spare. */
const MAX_REQUESTS = 60;

/** As large as on a real machine: the kubelet lists fifty images. */
function node(index: number): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: `node-${index}`,
      labels: { 'kubernetes.io/hostname': `node-${index}`, zone: `zone-${index % 10}` },
      annotations: {
        'projectcalico.org/IPv4Address': `10.${100 + (index >> 8)}.${index & 255}.1/16`,
        ...(index < 2 ? { 'projectcalico.org/RouteReflectorClusterID': '244.0.0.1' } : {}),
      },
    },
    spec: {
      podCIDR: `10.${index >> 8}.${index & 255}.0/24`,
      podCIDRs: [`10.${index >> 8}.${index & 255}.0/24`],
    },
    status: {
      images: Array.from({ length: 50 }, (_, i) => ({
        names: [
          `registry.example/library/image-${i}@sha256:${'0'.repeat(64)}`,
          `registry.example/library/image-${i}:1`,
        ],
        sizeBytes: 12_345_678,
      })),
    },
  };
}

describeWith(
  { kubernetesTools: ['api'], commands: ['openssl', 'ip', 'unshare', 'mount'], root: true },
  'a cluster of 1,000 nodes',
  () => {
    let plane: ControlPlane;
    let namespace: NetworkNamespace;
    let port: NamespacePort;
    let daemons: ManulDaemon[] = [];

    beforeAll(async () => {
      plane = await ControlPlane.start();
      await plane.installCrds([...calicoCrds(CALICO_V3), ...manulCrds()]);
      await plane.admin.createAll([
        {
          apiVersion: CALICO_V3,
          kind: 'BGPConfiguration',
          metadata: { name: 'default' },
          spec: { nodeToNodeMeshEnabled: false },
        },
        { apiVersion: CALICO_V3, kind: 'IPPool', metadata: { name: 'pods' }, spec: { cidr: '10.0.0.0/12' } },
        ...Array.from({ length: NODES }, (_, i) => node(i)),
        ...grantObjects('default/manul', [{ group: '*', resource: '*', verbs: ['*'], namespace: null }]),
      ]);
      namespace = new NetworkNamespace('thousand', ['10.100.7.1/32']);
      port = await NamespacePort.open(namespace, Number(new URL(plane.url).port));
    }, 300_000);

    afterAll(async () => {
      await Promise.all(daemons.map((daemon) => daemon.stop()));
      daemons = [];
      await port?.close();
      namespace?.remove();
      await plane?.stop();
    }, 60_000);

    test('is known to a speaker and an agent in time, within bounds of memory and of requests', async () => {
      const cluster = {
        serviceAccountFolder: await plane.serviceAccountFolder('default', 'manul'),
        server: plane.url,
      };
      for (const roles of ['agent', 'speaker']) {
        const started = performance.now();
        const daemon = await ManulDaemon.start({ node: 'node-7', files: {}, roles, namespace, cluster });
        daemons.push(daemon);
        const samples = await pollUntil(async () => {
          const found = parseExposition(await daemon.controlGet('/metrics'));
          return sampleOf(found, 'manul_datastore_in_sync') === 1 ? found : null;
        }, 'in sync');
        const seconds = (performance.now() - started) / 1000;
        const { rssBytes, peakRssBytes, cpuSeconds } = usageOf(daemon.pid);
        const agentName = `(${roles})`;
        const requests = plane.auditLog.entries().filter(({ userAgent }) => userAgent.includes(agentName));
        const worst = sampleOf(samples, 'manul_event_loop_delay_seconds{quantile="1"}');
        console.log(
          `${roles}: ${seconds.toFixed(1)} s, ${Math.round(rssBytes / 2 ** 20)} MiB, at most ` +
            `${Math.round(peakRssBytes / 2 ** 20)} MiB, ${cpuSeconds.toFixed(1)} s of CPU, ` +
            `${requests.length} requests, event loop at most ${worst} s late`,
        );
        expect(seconds).toBeLessThan(MAX_SECONDS);
        expect(peakRssBytes).toBeLessThan(MAX_RSS_BYTES);
        expect(requests.length).toBeLessThan(MAX_REQUESTS);
        expect(requests.filter(({ code, resource }) => code >= 400 && resource !== '')).toEqual([]);
      }
    }, 240_000);
  },
);
