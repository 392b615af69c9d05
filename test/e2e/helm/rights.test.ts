/**
 * The rights that the chart gives, against what the API server's audit log says of daemons with the chart's own
 * ServiceAccount: nothing is asked for that is not allowed, and each rule is made use of by its role.
 */

import { pollUntil } from '../../harness/deadline.ts';
import type { KubernetesObject } from '../../harness/kubernetes/api-client.ts';
import type { AuditEntry } from '../../harness/kubernetes/audit-log.ts';
import { ControlPlane } from '../../harness/kubernetes/control-plane.ts';
import { CALICO_CRD_V1, CALICO_V3, calicoCrds, MANUL, openCrd } from '../../harness/kubernetes/crds.ts';
import { Helm } from '../../harness/kubernetes/helm.ts';
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { NamespacePort } from '../../harness/process/namespace-port.ts';
import { NetworkNamespace } from '../../harness/process/network-namespace.ts';
import { describeWith } from '../../support/requirements.ts';
import { generateCluster } from '../kubernetes/generated-cluster.ts';

jest.setTimeout(900_000);

type Role = 'speaker' | 'agent';

const NAMESPACE = 'manul-system';
const ACCOUNT = `system:serviceaccount:${NAMESPACE}:manul`;
const NODE = 'node-1';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** One invalid object of each kind, which every API server lets in: texts that only look like addresses. */
const INVALID: readonly (readonly [kind: string, name: string, spec: object])[] = [
  ['BGPConfiguration', 'node.invalid', { localWorkloadPeeringIPV6: '1:2:3' }],
  ['BGPPeer', 'invalid', { peerIP: '1:2:3' }],
  ['BGPFilter', 'invalid', { exportV6: [{ cidr: '1:2:3/64', matchOperator: 'In', action: 'Accept' }] }],
  ['IPPool', 'invalid', { cidr: '1:2:3/64' }],
  ['IPReservation', 'invalid', { reservedCIDRs: ['1:2:3/64'] }],
  ['FelixConfiguration', 'invalid', { vxlanPort: 4789 }],
  ['IPAMBlock', 'invalid', { cidr: '1:2:3/64', deleted: false }],
  ['BlockAffinity', 'invalid', { cidr: '1:2:3/64', node: NODE, state: 'confirmed', deleted: 'false' }],
];

const invalidObjects = (calico: string): KubernetesObject[] => [
  ...INVALID.map(([kind, name, spec]) => ({ apiVersion: calico, kind, metadata: { name }, spec })),
  {
    apiVersion: MANUL,
    kind: 'DynamicNeighbor',
    metadata: { name: 'invalid' },
    spec: { listenRanges: ['1:2:3/64'] },
  },
];

/** One resource and verb of a rule; `resource` with its subresource. */
interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
}

const textOf = ({ group, resource, verb }: Right): string =>
  `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
const usedBy = ({ group, resource, subresource, verb }: AuditEntry): string =>
  textOf({ group, resource: subresource === '' ? resource : `${resource}/${subresource}`, verb });

describeWith(
  { kubernetesTools: ['api', 'helm'], commands: ['openssl', 'ip', 'unshare', 'mount'], root: true },
  'the rights of a release',
  () => {
    let plane: ControlPlane;
    let namespace: NetworkNamespace;
    let port: NamespacePort;

    beforeAll(async () => {
      plane = await ControlPlane.start();
      const helm = new Helm(plane.folder, plane.kubeconfig('admin'));
      await helm.run(helm.release('install', '--create-namespace'));
      await plane.installCrds([openCrd(CALICO_V3, 'Node'), openCrd(CALICO_V3, 'WorkloadEndpoint')]);
      namespace = new NetworkNamespace('node', []);
      port = await NamespacePort.open(namespace, Number(new URL(plane.url).port));
    });

    afterAll(async () => {
      await port?.close();
      namespace?.remove();
      await plane?.stop();
    });

    async function startDaemon(role: Role): Promise<ManulDaemon> {
      return ManulDaemon.start({
        node: NODE,
        files: {},
        roles: role,
        namespace,
        arguments: ['--agent-socket', plane.folder.file('agent.sock'), '--wait-for-routes', '2s'],
        cluster: {
          serviceAccountFolder: await plane.serviceAccountFolder(NAMESPACE, 'manul'),
          server: plane.url,
        },
      });
    }

    /** What the roles and cluster roles of the chart for this role allow. */
    async function rightsOf(role: Role): Promise<Right[]> {
      const lists = await Promise.all(
        ['clusterroles', 'roles'].map((plural) => plane.admin.must('GET', `${RBAC}/${plural}`)),
      );
      type Rule = { apiGroups: string[]; resources: string[]; verbs: string[] };
      const roles = lists.flatMap((list) => (list as { items: KubernetesObject[] }).items);
      return roles
        .filter(({ metadata }) => metadata.name.startsWith(`manul-${role}`))
        .flatMap((object) => object['rules'] as Rule[])
        .flatMap(({ apiGroups, resources, verbs }) =>
          apiGroups.flatMap((group) =>
            resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb }))),
          ),
        );
    }

    const asked = (role: Role): AuditEntry[] =>
      plane.auditLog.entriesOf(ACCOUNT).filter(({ userAgent }) => userAgent.endsWith(`(${role})`));

    /** Runs until every right that concerns `groups` has been made use of. */
    async function untilUsed(role: Role, isExpected: (right: Right) => boolean): Promise<void> {
      const wanted = (await rightsOf(role)).filter(isExpected).map(textOf);
      expect(wanted.length).toBeGreaterThan(10);
      let unused: readonly string[] = [];
      await pollUntil(
        async () => {
          const used = new Set(asked(role).map(usedBy));
          unused = wanted.filter((right) => !used.has(right));
          return unused.length === 0 ? true : null;
        },
        `the ${role} makes use of all its rights`,
        { deadlineMs: 400_000 },
      ).catch((error: Error) => {
        throw new Error(`${error.message}; unused: ${unused.join(', ')}`);
      });
    }

    /** As on a fresh cluster: the kubelet has told the address, and nobody has written the annotation. */
    async function forgetAddress(): Promise<void> {
      const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } };
      const addresses = [{ type: 'InternalIP', address: '10.0.1.1' }];
      await plane.admin.patch(node, { metadata: { annotations: { 'projectcalico.org/IPv4Address': null } } });
      await plane.admin.patch(node, { status: { addresses } }, 'status');
    }

    async function remove(objects: readonly KubernetesObject[]): Promise<void> {
      for (const object of objects) await plane.admin.delete(object);
    }

    test.each([
      [CALICO_V3, 'projectcalico.org'],
      [CALICO_CRD_V1, 'crd.projectcalico.org'],
    ])(
      'with the kinds of %s each rule is made use of, and nothing else is asked for',
      async (calico, group) => {
        if (calico === CALICO_CRD_V1) await plane.installCrds(calicoCrds(CALICO_CRD_V1));
        // the second time everything but Calico's kinds is there already
        const isFresh = ({ kind, apiVersion, metadata }: KubernetesObject): boolean =>
          kind !== 'IPAMHandle' &&
          metadata.name !== NAMESPACE &&
          (calico === CALICO_V3 || apiVersion === calico);
        await plane.admin.createAll(generateCluster(calico, 7).filter(isFresh));
        if (calico === CALICO_V3) await forgetAddress();
        const concerns = (right: Right): boolean =>
          right.group === group || (calico === CALICO_V3 && right.group !== 'crd.projectcalico.org');

        for (const role of ['speaker', 'agent'] as const) {
          const invalid = invalidObjects(calico);
          await plane.admin.createAll(invalid);
          const daemon = await startDaemon(role);
          try {
            await untilUsed(role, concerns);
          } finally {
            await daemon.stop();
            await remove(invalid);
          }
        }
        const refused = plane.auditLog.entriesOf(ACCOUNT).filter(({ decision }) => decision !== 'allow');
        expect(refused.map(usedBy)).toEqual([]);
      },
    );
  },
);
