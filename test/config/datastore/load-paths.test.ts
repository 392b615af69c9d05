import type { ResourceProblem } from '@manul/config';
import { checkPaths, loadPaths } from '@manul/config';
import { peerYaml, ResourceFolder } from '../support/resource-folder.ts';

let folder: ResourceFolder;
beforeEach(() => {
  folder = new ResourceFolder();
});
afterEach(() => folder.remove());

/** Problems as `file:line resource field text`, the folder's path left out. */
async function check(...names: string[]): Promise<string[]> {
  const problems = await checkPaths(
    names.length === 0 ? [folder.path] : names.map((name) => folder.file(name)),
  );
  return problems.map(show);
}

function show({ file, line, resource, field, text }: ResourceProblem): string {
  return `${file?.replace(`${folder.path}/`, '')}:${line} ${resource} ${field} ${text}`.replaceAll(
    `${folder.path}/`,
    '',
  );
}

/** The stand-alone route reflector of the README. */
const REFLECTOR = `apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: 64512, listenPort: 1790, bindMode: NodeIP, nodeToNodeMeshEnabled: false}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: rr-1}
spec: {bgp: {ipv4Address: 127.0.0.1/32, routeReflectorClusterID: 244.0.0.1}}
---
apiVersion: manul.dev/v1alpha1
kind: DynamicNeighbor
metadata: {name: clients}
spec: {listenRanges: [127.0.0.0/8], routeReflectorClient: true}
`;

describe('checkPaths', () => {
  test('a stand-alone route reflector has no problems', async () => {
    folder.write('rr.yaml', REFLECTOR);
    expect(await check()).toEqual([]);
  });

  test('names file, line, resource, field and reason; lines count from the start of the file', async () => {
    folder.write(
      'a.yaml',
      `# comment\n${peerYaml('good')}---\napiVersion: projectcalico.org/v3
kind: BGPPeer
metadata:
  name: bad
spec:
  peerIP: here
  asNumber: 64512
  # two lines further down
  sourceAdress: None
`,
    );
    expect(await check()).toEqual([
      'a.yaml:12 BGPPeer/bad spec.peerIP must be an address, v4:port or [v6]:port, is "here"',
      'a.yaml:15 BGPPeer/bad spec.sourceAdress is not a known field',
    ]);
  });

  test('an absent field is reported at the line of its document', async () => {
    folder.write('a.yaml', `---\n# nothing\n${peerYaml('x', '{asNumber: 1}')}`);
    expect(await check()).toEqual([
      'a.yaml:3 BGPPeer/x spec.peerIP is required, unless peerSelector or localWorkloadSelector is given',
    ]);
  });

  test('a document that is no YAML spoils no other, and names what it can', async () => {
    folder.write(
      'a.yaml',
      `${peerYaml('one')}---\nkind: BGPPeer\nmetadata:\n  name: two\n spec: {}\n---\n${peerYaml('three', '{}')}`,
    );
    const problems = await check();
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^a\.yaml:9 BGPPeer\/two {2}is no valid YAML: /);
    expect(problems[1]).toMatch(/^a\.yaml:11 BGPPeer\/three spec\.peerIP is required/);
  });

  test('lists are unpacked; lines are those of the items', async () => {
    folder.write(
      'list.yaml',
      `apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- apiVersion: projectcalico.org/v3
  kind: BGPPeer
  metadata: {name: a}
  spec: {peerIP: 10.0.0.1, asNumber: 64512}
  status: {conditions: []}
- apiVersion: projectcalico.org/v3
  kind: BGPPeer
  metadata: {name: b}
  spec:
    peerIP: 10.0.0.2
    asNumber: none
`,
    );
    expect(await check()).toEqual([
      'list.yaml:15 BGPPeer/b spec.asNumber must be an AS number, 0 to 4294967295 or high.low, is none',
    ]);
    const { resources } = await loadPaths([folder.path]);
    expect([...resources.bgpPeers.keys()]).toEqual(['a']);
  });

  test('items of a typed list need no kind of their own', async () => {
    folder.write(
      'list.json',
      JSON.stringify(
        {
          apiVersion: 'projectcalico.org/v3',
          kind: 'BGPPeerList',
          items: [{ metadata: { name: 'a' }, spec: { peerIP: '10.0.0.1', asNumber: 1 } }],
        },
        null,
        '\t',
      ),
    );
    const { resources, problems } = await loadPaths([folder.path]);
    expect(problems).toEqual([]);
    expect(resources.bgpPeers.get('a')?.spec.peerIP).toEqual({ address: '10.0.0.1', port: null });
  });

  test('names annotations of ours that mean nothing, or that nobody knows, and no others', async () => {
    folder.write(
      'a.yaml',
      `${peerYaml('good')}---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata:
  name: tor
  annotations:
    example.org/role: king
    manul.dev/max-prefixes: "1000"
    manul.dev/multihop: "false"
    manul.dev/interface: eth0
    manul.dev/role: provder
    manul.dev/max-prefix: "5"
spec: {peerIP: 10.0.0.1, asNumber: 1}
---
apiVersion: crd.projectcalico.org/v1
kind: BGPConfiguration
metadata: {name: node.a, annotations: {projectcalico.org/metadata: '{"annotations":{"manul.dev/max-paths":"65"}}'}}
spec: {}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n, annotations: {manul.dev/role: king}}
spec: {}
`,
    );
    const offset = peerYaml('good').split('\n').length;
    expect(await check()).toEqual([
      `a.yaml:${offset + 10} BGPPeer/tor metadata.annotations["manul.dev/role"] "provder" is none of provider, rs, rs-client, customer, peer`,
      `a.yaml:${offset + 11} BGPPeer/tor metadata.annotations["manul.dev/max-prefix"] is not a known annotation`,
      `a.yaml:${offset + 14} BGPConfiguration/node.a metadata.annotations["manul.dev/max-paths"] "65" is no number from 1 to 64`,
    ]);
    expect((await loadPaths([folder.path])).problems).toEqual([]);
  });

  test('foreign kinds are skipped with one note for each', async () => {
    const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n---\n';
    folder.write('a.yaml', `${deployment}${deployment}apiVersion: v1\nkind: ConfigMap\n`);
    const problems = await checkPaths([folder.path]);
    expect(problems.map((problem) => problem.severity)).toEqual(['note', 'note']);
    expect(problems.map(show)).toEqual([
      'a.yaml:1 null  skipped 2 documents of another kind: Deployment (apps/v1)',
      'a.yaml:9 null  skipped a document of another kind: ConfigMap (v1)',
    ]);
  });

  test('two documents of one kind and name are an error that names both places', async () => {
    folder.write('a.yaml', peerYaml('x'));
    folder.write(
      'b.yaml',
      `# first line\n${peerYaml('x').replace('projectcalico.org/v3', 'crd.projectcalico.org/v1')}`,
    );
    expect(await check()).toEqual(['b.yaml:2 BGPPeer/x  is defined twice: here and at a.yaml:1']);
  });

  test("Calico's Node and Kubernetes' Node of one name are two things", async () => {
    folder.write(
      'a.yaml',
      'apiVersion: v1\nkind: Node\nmetadata: {name: a}\n---\napiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: a}\nspec: {}\n',
    );
    expect(await check()).toEqual([]);
  });

  test('a file that is reached twice is read once', async () => {
    folder.write('a.yaml', peerYaml('x'));
    expect(await check('', 'a.yaml')).toEqual([]);
  });

  test('pools that overlap are an error at the second one', async () => {
    const pool = (name: string, cidr: string) =>
      `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: ${name}}\nspec:\n  cidr: ${cidr}\n`;
    folder.write(
      'a.yaml',
      `${pool('a', '10.0.0.0/16')}---\n${pool('b', '10.1.0.0/16')}---\n${pool('c', '10.0.0.0/8')}`,
    );
    expect(await check()).toEqual(['a.yaml:17 IPPool/c spec.cidr overlaps 10.0.0.0/16 of IPPool/a']);
  });

  test('a path that does not exist is an error', async () => {
    expect(await check('missing.yaml')).toEqual(['missing.yaml:null null  there is no such file or folder']);
  });

  test('folders: only *.yaml, *.yml and *.json, no hidden files, nothing below', async () => {
    for (const name of ['a.yaml', 'b.yml', 'c.json', 'd.txt', '.e.yaml', 'sub/f.yaml']) {
      folder.write(name, peerYaml(`peer-${name[0] === '.' ? 'e' : name.replace('sub/', '')[0]}`));
    }
    const { resources } = await loadPaths([folder.path]);
    expect([...resources.bgpPeers.keys()].sort()).toEqual(['peer-a', 'peer-b', 'peer-c']);
  });

  test('a document of its own for each hostile input: none crashes, each is named', async () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (const [key, from] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih'].map((pair) => [
      pair[0],
      pair[1],
    ])) {
      bomb.push(`${key}: &${key} [${Array(9).fill(`*${from}`).join(',')}]`);
    }
    const hostile = [
      bomb.join('\n'),
      '['.repeat(20_000),
      '{"a":'.repeat(5000),
      'kind: !!binary x\napiVersion: [',
      '\u0000\u0001',
      '? [complex]\n: value',
      'apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: {a: b}}\nspec: {}',
      '{"apiVersion": "projectcalico.org/v3", "kind": "BGPPeer", "metadata": {"name": "p", "__proto__": {"x": 1}}, "spec": {"__proto__": {"peerIP": "1.2.3.4"}}}',
      'a: *undefined',
      'a: 1\na: 2',
    ];
    folder.write('a.yaml', hostile.join('\n---\n'));
    const problems = await checkPaths([folder.path]);
    expect(problems.every((problem) => problem.severity === 'error')).toBe(true);
    expect(new Set(problems.map((problem) => problem.line)).size).toBeGreaterThanOrEqual(hostile.length);
  });

  test('numbers beyond 2^53 keep their value; yes and no are booleans, as for kubectl', async () => {
    folder.write(
      'a.yaml',
      `apiVersion: crd.projectcalico.org/v1
kind: IPAMBlock
metadata: {name: b}
spec: {cidr: 10.0.0.0/26, deleted: no, sequenceNumber: 1755555555555555555, sequenceNumberForAllocation: {"3": 17}}
`,
    );
    const { resources, problems } = await loadPaths([folder.path]);
    expect(problems).toEqual([]);
    expect(resources.ipamBlocks.get('b')?.spec).toMatchObject({
      deleted: false,
      sequenceNumber: 1_755_555_555_555_555_555n,
      sequenceNumberForAllocation: { '3': 17n },
    });
  });

  test('anchors, aliases and merge keys are followed; what an alias brings is reported where it stands', async () => {
    folder.write(
      'a.yaml',
      `kind: List
items:
- apiVersion: projectcalico.org/v3
  kind: BGPPeer
  metadata: {name: a}
  spec: &spec {peerIP: 10.0.0.1, asNumber: 1}
- apiVersion: projectcalico.org/v3
  kind: BGPPeer
  metadata: {name: b}
  spec: {<<: *spec, peerIP: 10.0.0.2}
- apiVersion: projectcalico.org/v3
  kind: BGPPeer
  metadata: {name: c}
  spec:
    <<: *spec
    asNumber: -1
`,
    );
    expect(await check()).toEqual([
      'a.yaml:16 BGPPeer/c spec.asNumber must be an AS number, 0 to 4294967295 or high.low, is -1',
    ]);
    const { resources } = await loadPaths([folder.path]);
    expect(resources.bgpPeers.get('b')?.spec).toMatchObject({ peerIP: { address: '10.0.0.2' }, asNumber: 1 });
  });
});
