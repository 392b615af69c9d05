/** The cluster datastore against a real API server: what it reads, and what it makes of an API server in trouble. */

import { pollUntil } from '../../../harness/deadline.ts';
import type { KubernetesObject } from '../../../harness/kubernetes/api-client.ts';
import { ControlPlane } from '../../../harness/kubernetes/control-plane.ts';
import { CALICO_V3, MANUL, openCrd } from '../../../harness/kubernetes/crds.ts';
import { describeWith } from '../../../support/requirements.ts';
import { accessBy, FollowedCluster, type FollowOptions } from './followed-cluster.ts';

const TEST_MS = 120_000;

const node = (name: string, labels = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
});
const configMap = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
});
const pool = (name: string, cidr: unknown): KubernetesObject => ({
  apiVersion: CALICO_V3,
  kind: 'IPPool',
  metadata: { name },
  spec: { cidr },
});
const secret = (name: string, key: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'manul-system' },
  stringData: { key },
});
const neighbor = (name: string, secretName: string): KubernetesObject => ({
  apiVersion: MANUL,
  kind: 'DynamicNeighbor',
  metadata: { name },
  spec: {
    listenRanges: ['10.0.0.0/8'],
    password: { secretKeyRef: { name: secretName, key: 'key' } },
  },
});

describeWith({ kubernetesTools: ['api'], commands: ['openssl'] }, 'cluster datastore', () => {
  let plane: ControlPlane;
  let followed: FollowedCluster;

  const follow = async (options: FollowOptions = {}): Promise<FollowedCluster> => {
    followed = await FollowedCluster.start(accessBy(plane.url, plane.adminCredentials()), options);
    return followed;
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.createNamespace('manul-system');
  }, 180_000);

  afterEach(async () => {
    await followed?.close();
  }, 60_000);

  afterAll(async () => {
    await plane?.stop();
  }, 60_000);

  test(
    'objects that come, change and go are in the next snapshot, and custom kinds once the server has them',
    async () => {
      const { datastore } = await follow();
      expect(datastore).toBeDefined();
      expect((await followed.untilCurrent()).resources.coreNodes.size).toBe(0);
      await plane.admin.create(node('node-1', { zone: 'a' }));
      await followed.until(({ resources }) => resources.coreNodes.has('node-1'), 'the node is there');
      await plane.admin.patch(node('node-1'), { metadata: { labels: { zone: 'b' } } });
      await followed.until(
        ({ resources }) => resources.coreNodes.get('node-1')?.metadata.labels['zone'] === 'b',
        'its label has changed',
      );
      await plane.installCrds([openCrd(CALICO_V3, 'IPPool'), openCrd(MANUL, 'DynamicNeighbor')]);
      await plane.admin.create(pool('one', '10.1.0.0/16'));
      await followed.until(({ resources }) => resources.ipPools.has('one'), 'the pool is there');
      await plane.admin.delete(pool('one', ''));
      await plane.admin.delete(node('node-1'));
      await followed.until(
        ({ resources }) => resources.ipPools.size === 0 && resources.coreNodes.size === 0,
        'both are gone',
      );
    },
    TEST_MS,
  );

  test(
    'of an invalid object the last good version stays in force, and the problem names the field',
    async () => {
      await plane.admin.create(pool('two', '10.2.0.0/16'));
      await follow();
      await followed.untilCurrent();
      await plane.admin.patch(pool('two', ''), { spec: { cidr: 'nonsense' } });
      const { resources, problems } = await followed.until(
        (snapshot) => (snapshot.problems.length > 0 ? snapshot : null),
        'a problem',
      );
      expect(resources.ipPools.get('two')?.spec.cidr).toMatchObject({ length: 16 });
      expect(problems).toMatchObject([
        { resource: 'IPPool/two', field: 'spec.cidr', severity: 'error', file: null },
      ]);
      await plane.admin.patch(pool('two', ''), { spec: { cidr: '10.3.0.0/16' } });
      const refused = await followed.until(
        (snapshot) => (snapshot.problems[0]?.text.startsWith('cannot be changed') ? snapshot : null),
        'a change of the range is refused',
      );
      expect(refused.resources.ipPools.get('two')?.spec.cidr.bytes[1]).toBe(2);
      await plane.admin.delete(pool('two', ''));
      await followed.until((snapshot) => snapshot.problems.length === 0, 'the problem goes with the object');
    },
    TEST_MS,
  );

  test(
    'a kind whose definition is removed is empty after a while, and is followed again when it is back',
    async () => {
      const crd = openCrd(CALICO_V3, 'BGPFilter');
      const filter = { apiVersion: CALICO_V3, kind: 'BGPFilter', metadata: { name: 'one' }, spec: {} };
      await plane.installCrds([crd]);
      await plane.admin.create(filter);
      await follow();
      await followed.until(({ resources }) => resources.bgpFilters.has('one'), 'the filter');
      await plane.admin.delete(crd);
      await followed.until(({ resources }) => resources.bgpFilters.size === 0, 'no filter');
      await followed.untilCurrent();
      await pollUntil(
        async () =>
          (await plane.admin.request('GET', await plane.admin.pathOf(crd))).status === 404 ? true : null,
        'the definition is gone',
      );
      await plane.installCrds([crd]);
      await plane.admin.create(filter);
      await followed.until(({ resources }) => resources.bgpFilters.has('one'), 'the filter is back');
    },
    TEST_MS,
  );

  test(
    'only Secrets that are named are asked for, each by its name, and a rotated one is seen',
    async () => {
      await plane.admin.create(secret('other', 'kept'));
      await plane.admin.create(secret('rack', 'old'));
      await plane.admin.create(neighbor('rack', 'rack'));
      await follow();
      const keyOf = (name: string) => {
        const held = followed.last?.resources.secrets.get(`manul-system/${name}`);
        return held === undefined ? null : Buffer.from(held.data['key'] ?? '').toString();
      };
      const first = await followed.until((snapshot) => (snapshot.inSync ? snapshot : null), 'in sync');
      expect([...first.resources.secrets.keys()]).toEqual(['manul-system/rack']);
      await plane.admin.patch(secret('rack', ''), { stringData: { key: 'new' } });
      await followed.until(() => keyOf('rack') === 'new', 'the new key');
      await plane.admin.patch(neighbor('rack', ''), {
        spec: { password: { secretKeyRef: { name: 'other' } } },
      });
      await followed.until(() => keyOf('other') === 'kept' && keyOf('rack') === null, 'the other Secret');
      const asked = plane.auditLog
        .entries()
        .filter((entry) => entry.resource === 'secrets' && entry.userAgent === 'manul-test');
      expect(asked.length).toBeGreaterThan(0);
      for (const { uri } of asked)
        expect(uri).toMatch(/^\/api\/v1\/namespaces\/manul-system\/secrets\?.*metadata\.name/);
      await plane.admin.delete(secret('other', ''));
      await followed.until(() => keyOf('other') === null, 'the Secret is gone');
      await plane.admin.delete(neighbor('rack', ''));
    },
    TEST_MS,
  );

  test(
    'pods are asked for by node',
    async () => {
      await follow({ node: 'node-7', roles: ['agent'] });
      await followed.untilCurrent();
      const entry = await plane.auditLog.waitFor(
        ({ resource, uri }) => resource === 'pods' && uri.includes('node-7'),
        'list of pods',
      );
      expect(decodeURIComponent(entry.uri)).toContain('fieldSelector=spec.nodeName=node-7');
      expect(followed.requests('list bgppeers')).toBe(0);
    },
    TEST_MS,
  );

  test(
    'an API server that dies costs freshness only, and what changed meanwhile is seen',
    async () => {
      await plane.admin.create(node('node-2'));
      await follow();
      const before = await followed.untilCurrent();
      await plane.apiServer.kill();
      const away = await followed.until(
        (snapshot) =>
          snapshot.stale.some(({ reason }) => reason.includes('ECONNREFUSED')) ? snapshot : null,
        'stale, and why',
      );
      expect(away).toMatchObject({ inSync: true });
      expect(away.resources).toBe(before.resources);
      expect(away.stale).toContainEqual(expect.objectContaining({ what: 'Node', everRead: true }));
      await plane.apiServer.start();
      await plane.admin.create(node('node-3'));
      await followed.until(({ resources }) => resources.coreNodes.has('node-3'), 'the new node');
      await followed.untilCurrent();
      await plane.admin.delete(node('node-2'));
      await plane.admin.delete(node('node-3'));
    },
    TEST_MS,
  );

  test(
    'where the server has forgotten the place (410 Gone), everything is listed again',
    async () => {
      await plane.admin.create(node('node-4'));
      await follow();
      await followed.untilCurrent();
      const lists = followed.requests('list nodes');
      // others' writes move the server on while our watches are silent
      for (let i = 0; i < 5; i++) await plane.admin.create(configMap(`gone-${i}`));
      await plane.apiServer.kill();
      await plane.apiServer.start();
      await plane.admin.delete(node('node-4'));
      await followed.until(({ resources }) => !resources.coreNodes.has('node-4'), 'the node is gone');
      await followed.untilCurrent();
      expect(followed.requests('list nodes')).toBeGreaterThan(lists);
    },
    TEST_MS,
  );

  test(
    'an API server that hangs is noticed by the lost ping, and followed again when it goes on',
    async () => {
      await follow({ pingMs: 500, silenceMs: 2000 });
      await followed.untilCurrent();
      plane.apiServer.pause();
      const hung = await followed.until((snapshot) => (snapshot.stale.length > 0 ? snapshot : null), 'stale');
      expect(hung.inSync).toBe(true);
      plane.apiServer.resume();
      await followed.untilCurrent();
      await plane.admin.create(node('node-5'));
      await followed.until(({ resources }) => resources.coreNodes.has('node-5'), 'the new node');
      await plane.admin.delete(node('node-5'));
    },
    TEST_MS,
  );

  test(
    'a store that began anew replaces what was there',
    async () => {
      await plane.admin.create(node('node-6'));
      await follow();
      await followed.until(({ resources }) => resources.coreNodes.has('node-6'), 'the node');
      await plane.apiServer.kill();
      await plane.etcd.restartEmpty();
      await plane.apiServer.start();
      await followed.datastore.reload();
      await followed.until(({ resources }) => resources.coreNodes.size === 0, 'nothing is left');
    },
    TEST_MS,
  );
});
