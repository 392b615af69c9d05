/** The life of a release on a real API server: its definitions and resources through upgrades, rollback and removal. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { pollUntil } from '../../harness/deadline.ts';
import type { KubernetesObject } from '../../harness/kubernetes/api-client.ts';
import { ControlPlane } from '../../harness/kubernetes/control-plane.ts';
import { CALICO_CRD_V1, CALICO_V3, calicoCrds } from '../../harness/kubernetes/crds.ts';
import { CHART, Helm } from '../../harness/kubernetes/helm.ts';
import { outputOf, runCommand } from '../../harness/process/run-command.ts';
import { goModuleFolder } from '../../support/go-module.ts';
import { kubernetesTool } from '../../support/kubernetes-tools.ts';
import { describeWith } from '../../support/requirements.ts';

jest.setTimeout(240_000);

/** Definitions come and go at the server's own pace. */
const SERVER = { deadlineMs: 100_000 };

const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const RESOURCES = {
  BGPConfiguration: `/apis/${CALICO_V3}/bgpconfigurations`,
  IPPool: `/apis/${CALICO_V3}/ippools`,
  BGPPeer: `/apis/${CALICO_V3}/bgppeers`,
  BGPFilter: `/apis/${CALICO_V3}/bgpfilters`,
  DynamicNeighbor: '/apis/manul.dev/v1alpha1/dynamicneighbors',
} as const;
const MONITORS = '/apis/monitoring.coreos.com/v1/namespaces/manul-system';
const PROMETHEUS_OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.85.0';
const CALICO = 'github.com/projectcalico/calico@v1.11.0-cni-plugin.0.20250813170300-a0db560f0520';
const TEXT = 'Range of addresses';
const OLDER_TEXT = 'What an earlier version said';
const VALUES = {
  bgp: { asNumber: 64700 },
  pools: [{ name: 'pods', spec: { cidr: '10.42.0.0/16', natOutgoing: true } }],
  peers: [{ name: 'tor', spec: { peerIP: '10.0.0.1', asNumber: 65001 } }],
  dynamicNeighbors: [{ name: 'tors', spec: { listenRanges: ['10.0.0.0/29'], asNumbers: ['65001'] } }],
};

describeWith({ kubernetesTools: ['api', 'helm'], commands: ['openssl', 'go'] }, 'a release', () => {
  let plane: ControlPlane;
  let helm: Helm;

  beforeAll(async () => {
    plane = await ControlPlane.start();
    helm = new Helm(plane.folder, plane.kubeconfig('admin'));
  });
  afterAll(() => plane?.stop());

  /** While a definition is new the server asks to come again (429, 503). */
  function list(path: string): Promise<KubernetesObject[]> {
    return pollUntil(
      async () => {
        const { status, body } = await plane.admin.request('GET', path);
        if (status === 404) return [];
        return status === 200 ? (body as { items: KubernetesObject[] }).items : null;
      },
      `an answer to GET ${path}`,
      SERVER,
    );
  }
  /** Kinds whose definitions are new are listed a little later, and Helm goes by that list. */
  async function untilKindsAreListed(): Promise<void> {
    const listing = ['--kubeconfig', plane.kubeconfig('admin'), 'api-resources', '--output=name'];
    const wanted = Object.values(RESOURCES).map((path) => {
      const [, , group, , plural] = path.split('/');
      return `${plural}.${group}`;
    });
    await pollUntil(
      async () => {
        const listed = (await outputOf(kubernetesTool('kubectl'), listing)).split('\n');
        return wanted.every((name) => listed.includes(name)) || null;
      },
      'the server lists the kinds of the chart',
      SERVER,
    );
  }
  const names = async (path: string) => (await list(path)).map(({ metadata }) => metadata.name);
  const uids = async () =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(RESOURCES).map(async ([kind, path]) => [kind, (await list(path))[0]?.metadata['uid']]),
      ),
    );
  const configuration = async () => (await list(RESOURCES.BGPConfiguration))[0]?.['spec'];

  /** The chart as it was in an earlier version: a definition says something else. */
  function olderChart(): string {
    const copy = plane.folder.file('older-chart');
    cpSync(CHART, copy, { recursive: true });
    const path = join(copy, 'files/crds/projectcalico.org/ippools.projectcalico.org.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(TEXT, OLDER_TEXT));
    return copy;
  }

  async function descriptionOfCidr(): Promise<string | undefined> {
    const definition = await plane.admin.must('GET', `${CRD}/ippools.projectcalico.org`);
    return /"cidr":\{"description":"([^"]*)"/.exec(JSON.stringify(definition))?.[1];
  }

  test('uninstalled right after its first installation, nothing stays but definitions, settings and pools', async () => {
    const filters = [{ name: 'none', spec: { exportV4: [{ action: 'Reject' }] } }];
    await helm.run(helm.release('install', '--create-namespace'), { ...VALUES, filters });
    expect(await names(RESOURCES.BGPPeer)).toEqual(['tor']);
    await helm.run(helm.release('uninstall'));
    expect(await names(RESOURCES.BGPPeer)).toEqual([]);
    expect(await names(RESOURCES.BGPFilter)).toEqual([]);
    expect(await names(RESOURCES.DynamicNeighbor)).toEqual([]);
    expect(await names(RESOURCES.BGPConfiguration)).toEqual(['default']);
    expect(await names(RESOURCES.IPPool)).toEqual(['pods']);
    // as on a cluster that never had it
    for (const name of await names(CRD)) await plane.admin.must('DELETE', `${CRD}/${name}`);
    await pollUntil(async () => (await names(CRD)).length === 0 || null, 'the definitions are gone', SERVER);
  });

  test('installs definitions and the resources of its values at once', async () => {
    const older = olderChart();
    const words = helm
      .release('install', '--create-namespace')
      .map((word) => (word === CHART ? older : word));
    const notes = await helm.run(words, VALUES);
    expect(notes).toContain('manul peers');
    expect(await names(CRD)).toHaveLength(9);
    expect(await names('/apis/apps/v1/daemonsets')).toEqual(['manul']);
    expect(await configuration()).toEqual({ asNumber: 64700 });
    expect(await names(RESOURCES.DynamicNeighbor)).toEqual(['tors']);
    await untilKindsAreListed();
  });

  test('kubectl explain tells what the fields mean', async () => {
    const access = ['--kubeconfig', plane.kubeconfig('admin')];
    // the schemas of new definitions are published a little later than their kinds
    const explain = (field: string) =>
      pollUntil(
        async () => {
          const result = await runCommand(kubernetesTool('kubectl'), [...access, 'explain', field]);
          return result.status === 0 ? result.stdout : null;
        },
        `an explanation of ${field}`,
        SERVER,
      );
    expect(await explain('bgppeer.spec.peerIP')).toContain(
      'Address of the neighbor: address, v4:port or [v6]:port',
    );
    expect(await explain('dynamicneighbor.spec.maxSessions')).toContain(
      'Sessions at the same time; default 10000',
    );
  });

  test('an upgrade changes definitions and resources in place', async () => {
    const before = await uids();
    expect(await descriptionOfCidr()).toBe(OLDER_TEXT);
    await helm.run(helm.release('upgrade'), { ...VALUES, bgp: { asNumber: 64701 } });
    expect(await uids()).toEqual(before);
    expect(await configuration()).toEqual({ asNumber: 64701 });
    expect(await descriptionOfCidr()).toBe(TEXT);
  });

  test('a resource that leaves the values leaves the cluster', async () => {
    await helm.run(helm.release('upgrade'), { ...VALUES, peers: [] });
    expect(await names(RESOURCES.BGPPeer)).toEqual([]);
    expect(await names(RESOURCES.DynamicNeighbor)).toEqual(['tors']);
  });

  test('a rollback to the first revision restores its resources; settings and pools are never gone', async () => {
    const before = await uids();
    await helm.run(helm.release('rollback', '1'));
    expect(await configuration()).toEqual({ asNumber: 64700 });
    expect(await names(RESOURCES.BGPPeer)).toEqual(['tor']);
    const { BGPConfiguration, IPPool } = await uids();
    expect({ BGPConfiguration, IPPool }).toEqual({
      BGPConfiguration: before['BGPConfiguration'],
      IPPool: before['IPPool'],
    });
  });

  test("monitors are what the Prometheus operator's definitions ask for, without a field that they do not know", async () => {
    const folder = join(await goModuleFolder(PROMETHEUS_OPERATOR), 'example/prometheus-operator-crd');
    const definition = (plural: string) =>
      parse(readFileSync(join(folder, `monitoring.coreos.com_${plural}.yaml`), 'utf8')) as KubernetesObject;
    await plane.installCrds([definition('podmonitors'), definition('servicemonitors')]);
    const monitor = { enabled: true, labels: { release: 'prometheus' } };
    const metrics = { podMonitor: monitor, serviceMonitor: monitor };
    const rendered = parseAllDocuments(await helm.run(helm.release('template'), { ...VALUES, metrics }));
    const monitors = rendered
      .map((document) => document.toJS() as KubernetesObject | null)
      .filter((object) => object?.apiVersion === 'monitoring.coreos.com/v1');
    expect(monitors).toHaveLength(2);
    for (const object of monitors)
      await plane.admin.must(
        'POST',
        `${MONITORS}/${object!.kind.toLowerCase()}s?fieldValidation=Strict&dryRun=All`,
        object,
      );
    await helm.run(helm.release('upgrade'), { ...VALUES, metrics });
    await helm.run(helm.release('upgrade'), VALUES);
  });

  test('uninstalled, definitions with settings and pools stay, all else goes; it can be installed again', async () => {
    await helm.run(helm.release('uninstall'));
    expect((await names(CRD)).filter((name) => !name.endsWith('.monitoring.coreos.com'))).toHaveLength(9);
    expect(await names(RESOURCES.IPPool)).toEqual(['pods']);
    expect(await names(RESOURCES.BGPPeer)).toEqual([]);
    const roles = await names('/apis/rbac.authorization.k8s.io/v1/clusterroles');
    expect(roles.filter((name) => name.includes('manul'))).toEqual([]);
    await helm.run(helm.release('install'), VALUES);
    expect(await names(RESOURCES.BGPPeer)).toEqual(['tor']);
    await helm.run(helm.release('uninstall'));
  });
});

describeWith(
  { kubernetesTools: ['api', 'helm'], commands: ['openssl', 'go'] },
  "beside Calico's own definitions",
  () => {
    test.each([CALICO_CRD_V1, CALICO_V3])(
      'those of %s are left alone, and their group is used',
      async (groupVersion) => {
        const plane = await ControlPlane.start();
        try {
          // of the older group as Calico publishes them; of the newer one its modules have none
          const crds = groupVersion === CALICO_V3 ? calicoCrds(CALICO_V3) : await publishedDefinitions();
          await plane.installCrds(crds);
          // all but what the API server notes in their status
          const definitions = async () =>
            Promise.all(
              crds.map(async (crd) => {
                const { metadata, spec } = await plane.admin.read(crd);
                const { uid, generation, labels, annotations } = metadata;
                return { uid, generation, labels, annotations, spec: spec as object };
              }),
            );
          const before = await definitions();
          const helm = new Helm(plane.folder, plane.kubeconfig('admin'));
          const notes = await helm.run(helm.release('install', '--create-namespace'), VALUES);
          expect(notes).toContain('left as they are');
          const { items } = (await plane.admin.must('GET', CRD)) as { items: KubernetesObject[] };
          expect(items).toHaveLength(crds.length + 1);
          const peers = (await plane.admin.must('GET', `/apis/${groupVersion}/bgppeers`)) as {
            items: KubernetesObject[];
          };
          expect(peers.items.map(({ metadata }) => metadata.name)).toEqual(['tor']);
          await helm.run(helm.release('upgrade'), { ...VALUES, bgp: { asNumber: 64702 } });
          await helm.run(helm.release('uninstall'));
          expect(await definitions()).toEqual(before);
        } finally {
          await plane.stop();
        }
      },
    );
  },
);

async function publishedDefinitions(): Promise<KubernetesObject[]> {
  const folder = join(await goModuleFolder(CALICO), 'libcalico-go/config/crd');
  return readdirSync(folder)
    .filter((name) => name.startsWith('crd.projectcalico.org_'))
    .map((name) => parse(readFileSync(join(folder, name), 'utf8')) as KubernetesObject);
}
