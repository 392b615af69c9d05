/** The chart without a cluster: what each mode consists of, and values that are refused. */
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../harness/kubernetes/api-client.ts';
import { CHART, containersOf, Helm, type RenderedContainer } from '../../harness/kubernetes/helm.ts';
import { TempFolder } from '../../harness/process/temp-folder.ts';
import { describeWith } from '../../support/requirements.ts';

jest.setTimeout(120_000);

const REFLECTORS = { reflectors: { listenRanges: ['10.0.0.0/16'] } };

describeWith({ kubernetesTools: ['helm'] }, 'the chart', () => {
  const folder = new TempFolder('chart');
  const helm = new Helm(folder);
  afterAll(() => folder.remove());

  async function render(values: unknown, ...words: readonly string[]): Promise<KubernetesObject[]> {
    const output = await helm.run(helm.release('template', ...words), values);
    return parseAllDocuments(output)
      .map((document) => document.toJS() as KubernetesObject | null)
      .filter((object) => object !== null);
  }

  const namesOf = (objects: readonly KubernetesObject[], ...kinds: readonly string[]): string[] =>
    objects
      .filter(({ kind }) => kinds.includes(kind))
      .map(
        ({ kind, metadata }) =>
          `${kind}/${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`,
      );

  async function containers(values: unknown): Promise<readonly RenderedContainer[]> {
    return containersOf((await render(values)).find(({ kind }) => kind === 'DaemonSet')!);
  }

  test.each([{}, { mode: 'routing' }, { mode: 'reflectors', ...REFLECTORS }])(
    '%j passes helm lint --strict',
    async (values) => {
      expect(await helm.run(['lint', '--strict', CHART], values)).toContain('0 chart(s) failed');
    },
  );

  test.each([
    [
      'full',
      ['speaker', 'agent'],
      { agent: ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN'], speaker: ['NET_BIND_SERVICE'] },
    ],
    ['routing', ['speaker', 'agent'], { agent: ['NET_ADMIN', 'NET_RAW'], speaker: ['NET_BIND_SERVICE'] }],
    ['reflectors', ['speaker'], { speaker: ['NET_BIND_SERVICE'] }],
  ] as const)('mode %s: containers %j with the least rights', async (mode, names, capabilities) => {
    const found = await containers({ mode, ...REFLECTORS });
    expect(found.map(({ name }) => name)).toEqual(names);
    const rights = found.map(({ name, securityContext }) => [name, securityContext.capabilities.add]);
    expect(Object.fromEntries(rights)).toEqual(capabilities);
    for (const { securityContext } of found) {
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(securityContext.privileged).toBeUndefined();
    }
  });

  test('the speaker is no root, and what both share belongs to a group of the pod alone', async () => {
    const [speaker, agent] = await containers({});
    expect(speaker!.securityContext).toMatchObject({
      runAsUser: 65532,
      runAsGroup: 65532,
      runAsNonRoot: true,
    });
    expect(agent!.securityContext).toMatchObject({ runAsUser: 0, runAsGroup: 0 });
    const sockets = { name: 'sockets', mountPath: '/run/pod' };
    for (const { volumeMounts } of [speaker!, agent!]) expect(volumeMounts).toContainEqual(sockets);
    expect(speaker!.volumeMounts.map(({ name }) => name)).toEqual(['sockets', 'cache']);
    const [daemonSet] = (await render({ podSecurityContext: { runAsNonRoot: false } })).filter(
      ({ kind }) => kind === 'DaemonSet',
    );
    expect(daemonSet).toMatchObject({
      spec: {
        template: {
          spec: {
            securityContext: {
              fsGroup: 65532,
              runAsNonRoot: false,
              seccompProfile: { type: 'RuntimeDefault' },
            },
          },
        },
      },
    });
  });

  test('every mode has the accounts, roles and bindings of what runs, and no others', async () => {
    const kinds = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];
    expect(namesOf(await render({ mode: 'reflectors', ...REFLECTORS }), ...kinds)).toEqual([
      'ServiceAccount/manul-system/manul',
      'ClusterRole/manul-speaker',
      'ClusterRoleBinding/manul-speaker',
      'Role/default/manul-speaker-events',
      'Role/manul-system/manul-speaker',
      'RoleBinding/default/manul-speaker-events',
      'RoleBinding/manul-system/manul-speaker',
    ]);
    const full = await render({});
    expect(namesOf(full, 'ClusterRole')).toEqual(['ClusterRole/manul-speaker', 'ClusterRole/manul-agent']);
    const rules = full.flatMap(
      (object) => (object['rules'] ?? []) as { verbs: string[]; resources: string[] }[],
    );
    expect(rules.flatMap(({ verbs, resources }) => [...verbs, ...resources])).not.toContain('*');
  });

  test('metrics and probes are on the address of the node, the looking glass on loopback unless it is opened', async () => {
    const variable = ({ env }: RenderedContainer, name: string) =>
      env.find((one) => one.name === name)?.value;
    const [speaker, agent] = await containers({});
    expect(variable(speaker!, 'MANUL_HTTP')).toBe('127.0.0.1:9179');
    expect(variable(speaker!, 'MANUL_METRICS')).toBe('[$(HOST_IP)]:9179');
    expect(variable(agent!, 'MANUL_METRICS')).toBe('[$(HOST_IP)]:9180');
    expect(speaker!.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'speaker' });
    const [open, closed] = await containers({ lookingGlass: { enabled: true } });
    expect(variable(open!, 'MANUL_HTTP')).toBe('[$(HOST_IP)]:9179');
    expect(variable(open!, 'MANUL_METRICS')).toBe('off');
    expect(variable(closed!, 'MANUL_HTTP')).toBe('127.0.0.1:9180');
  });

  test('without values no resource of Calico is made: the defaults of Calico apply', async () => {
    const kinds = ['BGPConfiguration', 'BGPPeer', 'BGPFilter', 'IPPool', 'DynamicNeighbor'];
    expect(namesOf(await render({}), ...kinds)).toEqual([]);
  });

  test('reflectors: no mesh, clients by range, sessions towards and between the nodes with the label', async () => {
    const objects = await render({ bgp: { asNumber: 64700, topology: 'reflectors' }, ...REFLECTORS });
    const specOf = (name: string) => objects.find(({ metadata }) => metadata.name === name)?.['spec'];
    const has = 'has(manul.dev/route-reflector)';
    expect(specOf('default')).toEqual({ asNumber: 64700, nodeToNodeMeshEnabled: false });
    expect(specOf('manul-clients')).toEqual({
      nodeSelector: has,
      listenRanges: ['10.0.0.0/16'],
      routeReflectorClient: true,
    });
    expect(specOf('manul-reflectors')).toEqual({ nodeSelector: has, peerSelector: has });
    expect(specOf('manul-to-reflectors')).toEqual({
      nodeSelector: `!${has}`,
      peerSelector: has,
      reversePeering: 'Manual',
    });
  });

  test("annotations of ours go with the resources, beside the chart's own", async () => {
    const objects = await render({
      bgp: { annotations: { 'manul.dev/multipath': 'none' } },
      peers: [
        {
          name: 'tor',
          spec: { peerIP: '10.0.0.200', asNumber: 65001 },
          annotations: { 'manul.dev/max-prefixes': '1000' },
        },
      ],
    });
    const annotationsOf = (name: string) =>
      objects.find(({ metadata }) => metadata.name === name)?.metadata['annotations'];
    expect(annotationsOf('default')).toMatchObject({
      'manul.dev/multipath': 'none',
      'helm.sh/resource-policy': 'keep',
    });
    expect(annotationsOf('tor')).toMatchObject({ 'manul.dev/max-prefixes': '1000' });
  });

  test('monitors of the Prometheus operator are there when they are asked for', async () => {
    expect(namesOf(await render({}), 'PodMonitor', 'ServiceMonitor', 'Service')).toEqual([]);
    const monitor = { enabled: true, labels: { release: 'prometheus' }, interval: '15s' };
    const objects = await render({ metrics: { podMonitor: monitor, serviceMonitor: monitor } });
    expect(namesOf(objects, 'PodMonitor', 'ServiceMonitor', 'Service')).toEqual([
      'Service/manul-system/manul-metrics',
      'PodMonitor/manul-system/manul',
      'ServiceMonitor/manul-system/manul',
    ]);
  });

  test.each([
    [['--api-versions', 'crd.projectcalico.org/v1'], 'crd.projectcalico.org/v1', 1],
    [['--api-versions', 'crd.projectcalico.org/v1,projectcalico.org/v3'], 'projectcalico.org/v3', 1],
    [[], 'projectcalico.org/v3', 9],
  ])(
    'where the cluster serves %j resources are of %s, and %d definitions come along',
    async (words, version, count) => {
      const objects = await render({ bgp: { asNumber: 64700 } }, ...words);
      expect(objects.find(({ kind }) => kind === 'BGPConfiguration')?.apiVersion).toBe(version);
      expect(namesOf(objects, 'CustomResourceDefinition')).toHaveLength(count);
    },
  );

  test.each([
    [{ mode: 'mesh' }, "'/mode': value must be one of 'full', 'routing', 'reflectors'"],
    [{ mod: 'full' }, "additional properties 'mod' not allowed"],
    [{ bgp: { asNumber: 0 } }, "'/bgp/asNumber': minimum: got 0, want 1"],
    [{ bgp: { asNumber: 'AS64512' } }, "'/bgp/asNumber': 'AS64512' does not match pattern"],
    [
      { pools: [{ name: 'pods', spec: { cidr: '10.42.0.0/33' } }] },
      "'/pools/0/spec/cidr': '10.42.0.0/33' does not match pattern",
    ],
    [
      { reflectors: { listenRanges: ['10.0.0.256/24'] } },
      "'/reflectors/listenRanges/0': '10.0.0.256/24' does not match pattern",
    ],
    [
      { bgp: { configuration: { asNumber: 1 } } },
      "'/bgp/configuration': additional properties 'asNumber' not allowed",
    ],
    [
      { peers: [{ name: 'tor', spec: { peerIp: '10.0.0.1' } }] },
      "'/peers/0/spec': additional properties 'peerIp' not allowed",
    ],
    [{ pools: [{ name: 'Pods', spec: { cidr: '10.0.0.0/8' } }] }, "'/pools/0/name'"],
    [{ pools: [{ name: 'pods', spec: { cidr: '10.0.0.0' } }] }, "'/pools/0/spec/cidr'"],
    [
      { dynamicNeighbors: [{ name: 'tors', spec: {} }] },
      "'/dynamicNeighbors/0/spec': missing property 'listenRanges'",
    ],
    [{ speaker: { port: 70000 } }, "'/speaker/port': maximum: got 70,000, want 65,535"],
    [{ bgp: { topology: 'reflectors' } }, 'reflectors.listenRanges is needed'],
    [{ mode: 'reflectors' }, 'reflectors.listenRanges is needed'],
  ])('%j is refused', async (values, message) => {
    const { status, stderr } = await helm.try(helm.release('template'), values);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });
});
