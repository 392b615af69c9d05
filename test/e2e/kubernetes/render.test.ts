/** The cluster as datastore against what kubectl prints of it: one rendering, whichever way the resources came. */
import type { ApiClient, KubernetesObject } from '../../harness/kubernetes/api-client.ts';
import { ControlPlane } from '../../harness/kubernetes/control-plane.ts';
import {
  CALICO_CRD_V1,
  CALICO_KINDS,
  CALICO_V3,
  calicoCrds,
  manulCrds,
} from '../../harness/kubernetes/crds.ts';
import { MANUL } from '../../harness/manul/manul-daemon.ts';
import { outputOf, runCommand } from '../../harness/process/run-command.ts';
import { TempFolder } from '../../harness/process/temp-folder.ts';
import { kubernetesTool } from '../../support/kubernetes-tools.ts';
import { describeWith } from '../../support/requirements.ts';
import { generateCluster, NODES } from './generated-cluster.ts';

const SEEDS = [1, 2];

describeWith(
  { kubernetesTools: ['api'], commands: ['openssl'] },
  'manul render --datastore kubernetes',
  () => {
    describe.each([CALICO_V3, CALICO_CRD_V1])('where the cluster serves %s', (calico) => {
      let plane: ControlPlane;
      let folder: TempFolder;
      let objects: readonly KubernetesObject[] = [];

      beforeAll(async () => {
        folder = new TempFolder('dump');
        plane = await ControlPlane.start();
        await plane.installCrds([...calicoCrds(calico), ...manulCrds()]);
      }, 180_000);

      afterAll(async () => {
        await plane?.stop();
        folder.remove();
      }, 60_000);

      afterEach(async () => {
        for (const object of [...objects].reverse()) {
          if (object.kind !== 'Namespace') await plane.admin.delete(object);
        }
        objects = [];
      }, 60_000);

      const renderCluster = (node: string) =>
        runCommand(MANUL, [
          ...['render', '--datastore', 'kubernetes', '--kubeconfig', plane.kubeconfig('admin')],
          ...['--node', node, '-o', 'json'],
        ]);

      test.each(SEEDS)(
        'is what it is for a dump of the same objects (seed %i)',
        async (seed) => {
          const objects = generateCluster(calico, seed);
          await createCluster(plane.admin, objects);
          const dump = folder.write('dump.yaml', await dumpOf(plane, calico));
          for (const node of NODES) {
            const fromDump = await outputOf(MANUL, ['render', dump, '--node', node, '-o', 'json']);
            const fromCluster = await renderCluster(node);
            expect(fromCluster.stderr).toBe('');
            expect(JSON.parse(fromCluster.stdout)).toEqual(JSON.parse(fromDump));
            expect(JSON.parse(fromDump)).toMatchObject({
              peers: expect.arrayContaining([expect.objectContaining({ asn: expect.any(Number) })]),
              originated: expect.arrayContaining([expect.objectContaining({ reason: 'service' })]),
            });
          }
          for (const object of [...objects].reverse()) {
            if (object.kind !== 'Namespace') await plane.admin.delete(object);
          }
        },
        300_000,
      );

      test('says which rule is missing when it may not read a kind', async () => {
        const token = await plane.serviceAccountToken('default', 'nobody');
        const result = await runCommand(MANUL, [
          ...['render', '--datastore', 'kubernetes', '--node', 'node-1'],
          ...['--kubeconfig', plane.kubeconfig('nobody', plane.tokenCredentials(token))],
        ]);
        expect(result.status).toBe(1);
        expect(result.stderr).toMatch(
          /^manul: .* cannot be read from 127\.0\.0\.1:\d+: 403 Forbidden: .* cannot list resource/,
        );
        expect(result.stderr.trim().split('\n')).toHaveLength(1);
      }, 60_000);
    });
  },
);

/** Namespaces come first and stay; status is a part of its own. */
async function createCluster(admin: ApiClient, objects: readonly KubernetesObject[]): Promise<void> {
  for (const object of objects) {
    if (
      object.kind === 'Namespace' &&
      (await admin.request('GET', await admin.pathOf(object))).status === 200
    ) {
      continue;
    }
    await admin.create(object);
    if (object.kind === 'Pod') await admin.patch(object, { status: object['status'] }, 'status');
  }
}

function dumpOf(plane: ControlPlane, calico: string): Promise<string> {
  const group = calico.slice(0, calico.indexOf('/'));
  const kinds = [
    ...['nodes', 'pods', 'secrets', 'services', 'endpointslices', 'dynamicneighbors.manul.dev'],
    ...CALICO_KINDS.map((kind) => {
      const singular = kind.toLowerCase();
      return `${singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`}.${group}`;
    }),
  ];
  return outputOf(kubernetesTool('kubectl'), [
    ...['--kubeconfig', plane.kubeconfig('admin'), 'get', kinds.join(','), '--all-namespaces', '-o', 'yaml'],
  ]);
}
