/** The control plane of the tests: what other suites rely on, each trick once. */
import { kubernetesTool } from '../../support/kubernetes-tools.ts';
import { describeWith } from '../../support/requirements.ts';
import { outputOf } from '../process/run-command.ts';
import { ApiClient, type KubernetesObject } from './api-client.ts';
import { ControlPlane } from './control-plane.ts';

const configMap = (name: string, data: Readonly<Record<string, string>> = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});

describeWith({ kubernetesTools: ['api'], commands: ['openssl'] }, 'control plane of tests', () => {
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await ControlPlane.start({
      controllers: ['serviceaccount-controller', 'node-ipam-controller'],
      controllerManagerArguments: ['--allocate-node-cidrs', '--cluster-cidr=10.42.0.0/16'],
    });
  }, 180_000);

  afterAll(async () => {
    await plane?.stop();
  }, 60_000);

  test('objects are created, read, changed and deleted', async () => {
    const created = await plane.admin.create(configMap('one', { a: '1' }));
    expect(created.metadata['uid']).toEqual(expect.any(String));
    await plane.admin.patch(configMap('one'), { data: { a: '2' } });
    expect(await plane.admin.read(configMap('one'))).toMatchObject({ data: { a: '2' } });
    await plane.admin.delete(configMap('one'));
    await expect(plane.admin.read(configMap('one'))).rejects.toThrow('404');
  }, 60_000);

  test('controllers give a Node its podCIDR', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } };
    await plane.admin.create(node);
    let spec: unknown;
    while (spec === undefined) {
      spec = ((await plane.admin.read(node))['spec'] as { podCIDR?: string } | undefined)?.podCIDR;
    }
    expect(spec).toBe('10.42.0.0/24');
  }, 60_000);

  test('a ServiceAccount has only the rights it was given, and the audit log says so', async () => {
    const token = await plane.serviceAccountToken('default', 'reader');
    const reader = new ApiClient(plane.url, plane.tokenCredentials(token));
    try {
      expect((await reader.request('GET', '/api/v1/nodes')).status).toBe(403);
    } finally {
      reader.close();
    }
    const entry = await plane.auditLog.waitFor(
      ({ user }) => user.endsWith(':reader'),
      'request of the reader',
    );
    expect(entry).toMatchObject({ verb: 'list', resource: 'nodes', code: 403, decision: 'forbid' });
  }, 60_000);

  test('a kubeconfig serves kubectl', async () => {
    const kubeconfig = plane.kubeconfig('admin');
    const listed = await outputOf(kubernetesTool('kubectl'), [
      ...['--kubeconfig', kubeconfig, 'get', 'namespaces', '-o', 'name'],
    ]);
    expect(listed).toContain('namespace/default');
  }, 60_000);

  test('a restart forgets the history of watches: 410 Gone', async () => {
    const before = await plane.admin.create(configMap('before'));
    for (const name of ['next-1', 'next-2', 'next-3']) await plane.admin.create(configMap(name));
    await plane.restartApiServer();
    const version = String(before.metadata['resourceVersion']);
    const path = `/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1&resourceVersion=${version}`;
    const answer = await plane.admin.request('GET', path);
    expect(answer.body).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  }, 120_000);

  test('etcd can be compacted and started empty', async () => {
    await plane.etcd.compact();
    await plane.apiServer.stop();
    await plane.etcd.restartEmpty();
    await plane.apiServer.start();
    await expect(plane.admin.read(configMap('before'))).rejects.toThrow('404');
  }, 120_000);
});
