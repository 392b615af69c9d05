/** Sessions and routes of a speaker on a cluster whose API server dies, hangs, and comes back with news. */
import { TestPeer } from '../../harness/bgp/test-peer.ts';
import { pollUntil } from '../../harness/deadline.ts';
import { ControlPlane } from '../../harness/kubernetes/control-plane.ts';
import { CALICO_V3, calicoCrds, MANUL, manulCrds } from '../../harness/kubernetes/crds.ts';
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { freePort } from '../../harness/process/free-port.ts';
import { describeWith } from '../../support/requirements.ts';
import { parseExposition, sampleOf } from '../support/exposition.ts';

const TEST_MS = 180_000;
const ADDRESS = '127.47.0.1';
const neighbor = (ranges: readonly string[]) => ({
  apiVersion: MANUL,
  kind: 'DynamicNeighbor',
  metadata: { name: 'clients' },
  spec: { listenRanges: ranges, routeReflectorClient: true },
});

describeWith({ kubernetesTools: ['api'], commands: ['openssl'] }, 'speaker on a cluster', () => {
  let plane: ControlPlane;
  let manul: ManulDaemon;
  let client: TestPeer;
  let port: number;

  const metric = async (name: string): Promise<number> =>
    sampleOf(parseExposition(await manul.controlGet('/metrics')), name);
  const untilMetric = (name: string, check: (value: number) => boolean): Promise<true> =>
    pollUntil(async () => check(await metric(name)) || null, `${name} is as expected`, {
      deadlineMs: 90_000,
    });
  const expectUndisturbed = async (): Promise<void> => {
    expect(await manul.peer(`clients/127.47.0.2`)).toMatchObject({ state: 'Established', flaps: 0 });
    expect(await manul.routes()).toMatchObject([{ prefix: '10.47.0.0/24', best: true }]);
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.installCrds([...calicoCrds(CALICO_V3), ...manulCrds()]);
    port = await freePort(ADDRESS);
    await plane.admin.createAll([
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name: 'rr-1',
          annotations: {
            'projectcalico.org/IPv4Address': `${ADDRESS}/32`,
            'projectcalico.org/RouteReflectorClusterID': '244.0.0.1',
          },
        },
      },
      {
        apiVersion: CALICO_V3,
        kind: 'BGPConfiguration',
        metadata: { name: 'default' },
        spec: { asNumber: 64512, listenPort: port, bindMode: 'NodeIP', nodeToNodeMeshEnabled: false },
      },
      neighbor(['127.47.0.2/32']),
    ]);
    manul = await ManulDaemon.start({ node: 'rr-1', files: {}, cluster: plane.kubeconfig('speaker') });
    await untilMetric('manul_datastore_in_sync', (value) => value === 1);
    client = await pollUntil(
      () =>
        TestPeer.dial(
          { address: ADDRESS, port },
          { asn: 64512, routerId: '10.47.0.2', localAddress: '127.47.0.2' },
        ).established(),
      'a session',
    );
    client.announce(['10.47.0.0/24'], { nextHop: '127.47.0.2' });
    await manul.untilPeer('127.47.0.2', (peer) => peer.accepted.ipv4 === 1, 'with one route');
  }, 240_000);

  afterAll(async () => {
    await client?.close();
    await manul?.stop();
    await plane?.stop();
  }, 60_000);

  test(
    'an API server that dies: everything stays, and status says what is not up to date',
    async () => {
      await plane.apiServer.kill();
      await untilMetric('manul_datastore_in_sync', (value) => value === 0);
      await untilMetric('manul_datastore_stale_seconds', (value) => value > 0);
      const { stdout } = await manul.run('status');
      expect(stdout).toMatch(/Datastore in sync: +no/);
      expect(stdout).toMatch(
        /Not up to date:\n {2}.*Node, .*BGPPeer.*: not followed since \d{4}-.*: connect ECONNREFUSED/,
      );
      await expectUndisturbed();
      await plane.apiServer.start();
      await untilMetric('manul_datastore_in_sync', (value) => value === 1);
      expect(await metric('manul_datastore_stale_seconds')).toBe(0);
      await expectUndisturbed();
    },
    TEST_MS,
  );

  test(
    'an API server that hangs is noticed, and a change made after it goes on is applied',
    async () => {
      plane.apiServer.pause();
      await untilMetric('manul_datastore_in_sync', (value) => value === 0);
      await expectUndisturbed();
      plane.apiServer.resume();
      await untilMetric('manul_datastore_in_sync', (value) => value === 1);
      await plane.admin.patch(neighbor([]), { spec: { listenRanges: ['127.47.0.0/24'] } });
      const second = await pollUntil(
        () =>
          TestPeer.dial(
            { address: ADDRESS, port },
            { asn: 64512, routerId: '10.47.0.3', localAddress: '127.47.0.3' },
          ).established(),
        'a session out of the wider range',
      );
      await second.close();
      await expectUndisturbed();
    },
    TEST_MS,
  );

  test(
    'a daemon that starts while the API server is away says so, and begins once it is there',
    async () => {
      await plane.apiServer.kill();
      const late = await ManulDaemon.start({ node: 'rr-1', files: {}, cluster: plane.kubeconfig('late') });
      try {
        const status = await pollUntil(async () => {
          const { stdout } = await late.run('status');
          return stdout.includes('not read since') ? stdout : null;
        }, 'status says it');
        expect(status).toContain('ECONNREFUSED');
        expect(status).toMatch(/Ready: +no/);
        await plane.apiServer.start();
        await pollUntil(
          async () => (/Datastore in sync: +yes/.test((await late.run('status')).stdout) ? true : null),
          'in sync',
          {
            deadlineMs: 90_000,
          },
        );
      } finally {
        await late.stop();
      }
    },
    TEST_MS,
  );
});
