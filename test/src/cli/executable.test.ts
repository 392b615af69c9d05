import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { collect, manul, startManul } from '../support/manul.ts';
import { runDaemon, type TestDaemon } from '../support/run-daemon.ts';
import { peer, route } from '../support/samples.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const folder = temporaryFolder();
let test1: TestDaemon;

jest.setTimeout(60_000);

beforeAll(async () => {
  test1 = await runDaemon(folder, { roles: ['speaker'] });
  test1.speaker.peerList = [
    peer(),
    peer({
      name: 'mesh/node-2',
      kind: 'mesh',
      state: 'Idle',
      received: {},
      accepted: {},
      advertised: {},
      lastError: {
        direction: 'received',
        code: 6,
        subcode: 2,
        text: 'bye \u001b[2J',
        at: '2026-01-01T00:00:00Z',
      },
    }),
  ];
  test1.speaker.routeBatches = [[route()], [route({ prefix: '10.244.1.0/26', best: false })]];
});

afterAll(() => test1.daemon.close());

function ask(...words: string[]): ReturnType<typeof manul> {
  return manul([...words, '--control', test1.options.controlPath]);
}

describe('wrong usage ends with exit code 2 and one line on standard error', () => {
  test.each([
    [[], 'manul: a command is missing, see manul --help'],
    [['juggle'], 'manul: Unknown command: juggle'],
    [['peers', '--colour'], 'manul: Unknown argument: colour'],
    [['peers', '-o', 'xml'], 'manul: --output: "xml" is none of table, json, yaml'],
    [['peer'], 'manul: a command is missing, see manul peer --help'],
    [['check'], 'manul: an argument is missing, see --help of the command'],
    [['status', '-o'], 'manul: a value is missing behind the flag "o"'],
    [
      ['run'],
      'manul: --config PATH (or MANUL_CONFIG) is needed: a file or folder of resources; or --datastore kubernetes',
    ],
    [
      ['run', '--config', '/', '--datastore', 'kubernetes'],
      'manul: --config PATH (or MANUL_CONFIG) does not go with --datastore kubernetes',
    ],
    [
      ['render', '--node', 'a'],
      'manul: PATH is needed: a file or folder of resources; or --datastore kubernetes',
    ],
    [['routes', '10.0.0.0/8', '--longest', '10.0.0.1'], 'manul: a prefix and --longest exclude each other'],
    [['routes', '--kernel', '--received', 'x'], 'manul: --received and --kernel exclude each other'],
  ])('manul %j', async (words, line) => {
    expect(await manul(words)).toEqual({ code: 2, stdout: '', stderr: `${line}\n` });
  });
});

test.each([
  [{ HOME: '/nowhere' }, 'there is no cluster: this is no pod, and neither $KUBECONFIG nor ~/.kube/config'],
  [{ KUBECONFIG: '/dev/null' }, 'kubeconfig /dev/null: .+'],
])('a cluster that cannot be found ends with exit code 1 and one line: %j', async (environment, line) => {
  const { code, stderr } = await manul(['render', '--datastore', 'kubernetes'], environment);
  expect(stderr).toMatch(new RegExp(`^manul: --datastore kubernetes: ${line.replace('$', '\\$')}\\n$`));
  expect(code).toBe(1);
});

test('help names every command and goes to standard output', async () => {
  const { code, stdout, stderr } = await manul(['--help']);
  expect([code, stderr]).toEqual([0, '']);
  for (const name of ['run', 'check', 'render', 'status', 'peers', 'routes', 'watch', 'peer']) {
    expect(stdout).toContain(`manul ${name}`);
  }
});

test('help of a command names the variable of each flag', async () => {
  const { stdout } = await manul(['run', '--help']);
  for (const name of [
    'MANUL_CONFIG',
    'MANUL_ROLES',
    'MANUL_HTTP',
    'NODENAME',
    'CALICO_ROUTER_ID',
    'NAMESPACE',
  ]) {
    expect(stdout).toContain(name);
  }
});

test('where no daemon runs, that is said in one line', async () => {
  const path = join(folder, 'nobody.sock');
  const { code, stdout, stderr } = await manul(['peers'], { MANUL_CONTROL: path });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toBe(
    `manul: no daemon answers at ${path}: start one with "manul run", or name its socket with --control\n`,
  );
});

test('peers as a table has one line a session, and nothing that acts on the terminal', async () => {
  const { code, stdout } = await ask('peers');
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(
      /^NAME +KIND +ADDRESS +AS +STATE +UP +RECEIVED +ACCEPTED +ADVERTISED +FLAPS +LAST ERROR$/,
    ),
    expect.stringMatching(/^tor +configured +192\.0\.2\.9 +65001 +Established +1h01m +5 +4 +2 +1$/),
    expect.stringMatching(/^mesh\/node-2 .* received 6\/2 bye \\x1b\[2J$/),
    '',
  ]);
});

test('peers as JSON is the array of the contract, as YAML the same', async () => {
  const json = JSON.parse((await ask('peers', '-o', 'json')).stdout) as Record<string, unknown>[];
  expect(json).toHaveLength(2);
  expect(Object.keys(json[0] ?? {})).toEqual(
    expect.arrayContaining(
      [
        'name kind address port localAddress asn localAsn routerId state since uptimeSeconds',
        'routeReflectorClient families received accepted advertised flaps lastError',
      ].flatMap((names) => names.split(' ')),
    ),
  );
  expect(parse((await ask('peers', '-o', 'yaml')).stdout)).toEqual(json);
});

test('one peer is shown with everything; an unknown one is a failure', async () => {
  const shown = await ask('peers', 'mesh/node-2');
  expect(shown.stdout).toMatch(/^Last error: +received 6\/2 bye \\x1b\[2J at 2026-01-01T00:00:00Z$/m);
  expect(JSON.parse((await ask('peers', 'tor', '-o', 'json')).stdout)).toMatchObject({
    name: 'tor',
    passive: false,
  });
  expect(await ask('peers', 'nobody')).toEqual({ code: 1, stdout: '', stderr: 'manul: no peer "nobody"\n' });
});

test('routes stream in every format', async () => {
  expect((await ask('routes')).stdout).toMatch(
    /^10\.244\.0\.0\/26 +192\.0\.2\.9 +\* +tor +65001 \{65002 65003\} i/m,
  );
  const json = JSON.parse((await ask('routes', '--all', '-o', 'json')).stdout) as object[];
  expect(json).toMatchObject([{ prefix: '10.244.0.0/26' }, { prefix: '10.244.1.0/26', best: false }]);
  expect(parse((await ask('routes', '-o', 'yaml')).stdout)).toEqual(json);
  expect(test1.speaker.queries).toContainEqual({ all: true });
});

test('a prefix that is none is wrong usage, and the flag is named', async () => {
  expect(await ask('routes', '10.0.0.1/24')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'manul: prefix: "10.0.0.1/24" has bits set behind its length\n',
  });
});

test('status tells node, roles, sessions and routes', async () => {
  const { stdout } = await ask('status');
  expect(stdout).toMatch(/^Node: +node-1$/m);
  expect(stdout).toMatch(/^Sessions: +1 Idle, 1 Established$/m);
  expect(stdout).not.toContain('Kernel');
});

test('a session is reset with a message', async () => {
  expect(await ask('peer', 'reset', 'tor', '--message', 'maintenance')).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
  expect(test1.speaker.resets).toEqual([{ name: 'tor', message: 'maintenance' }]);
  expect((await ask('peer', 'reset', 'nobody')).code).toBe(1);
  expect((await ask('peer', 'reset', 'tor', '--message', 'x'.repeat(256))).code).toBe(2);
});

test('a session is reset softly, disabled with a message, and enabled', async () => {
  const done = { code: 0, stdout: '', stderr: '' };
  expect(await ask('peer', 'reset', 'tor', '--soft', 'in')).toEqual(done);
  expect(await ask('peer', 'disable', 'tor', '--message', 'maintenance')).toEqual(done);
  expect(await ask('peer', 'enable', 'tor')).toEqual(done);
  expect(test1.speaker.actions).toEqual(['soft in tor', 'disable tor maintenance', 'enable tor']);
  test1.speaker.softResult = 'noRouteRefresh';
  expect(await ask('peer', 'reset', 'tor', '--soft', 'in')).toEqual({
    ...done,
    code: 1,
    stderr: 'manul: "tor" does not offer route refresh (RFC 2918)\n',
  });
  expect((await ask('peer', 'disable', 'nobody')).stderr).toBe('manul: no peer "nobody"\n');
  expect((await ask('peer', 'reset', 'tor', '--soft', 'both')).code).toBe(2);
  expect((await ask('peer', 'reset', 'tor', '--soft', 'in', '--message', 'x')).code).toBe(2);
});

test('watch writes events as they happen, until its reader goes away', async () => {
  const child = startManul(['watch', '-o', 'json', '--control', test1.options.controlPath]);
  const output = collect(child);
  await until(() => test1.speaker.bestListeners.size === 1);
  test1.speaker.learn('10.9.0.0/26', '192.0.2.9');
  await until(() => output().stdout.endsWith('\n'));
  expect(JSON.parse(output().stdout)).toMatchObject({ kind: 'route', prefix: '10.9.0.0/26' });
  child.stdout?.destroy();
  await until(() => {
    test1.speaker.learn('10.9.0.0/26', '192.0.2.10');
    return child.exitCode !== null;
  });
  expect(child.exitCode).toBe(0);
  if (child.exitCode === null) await once(child, 'close');
});

test('what a user writes into resources acts on no terminal either', async () => {
  const evil = '\u001b[31m\u202e\u0007';
  const document = (kind: string, name: string, spec: object, annotations: object = {}): string =>
    JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name, annotations }, spec });
  const path = join(folder, 'evil.yaml');
  const texts = [
    document('BGPConfiguration', 'default', { asNumber: 64512, nodeToNodeMeshEnabled: false }),
    document('Node', 'a', { bgp: { ipv4Address: '10.0.0.1/24' } }),
    document(
      'BGPPeer',
      'fine',
      { peerIP: '10.0.0.2', asNumber: 65001, filters: [`f${evil}`] },
      { 'manul.dev/role': evil, 'manul.dev/interface': `e${evil}` },
    ),
  ];
  writeFileSync(path, texts.join('\n---\n'));
  const refused = join(folder, 'refused.yaml');
  writeFileSync(refused, document('BGPPeer', `evil${evil}`, { peerIP: '10.0.0.3', [`field${evil}`]: evil }));
  const outcomes = [
    await manul(['check', path, refused]),
    ...(await Promise.all(
      ['table', 'json', 'yaml'].map((format) => manul(['render', path, '--node', 'a', '-o', format])),
    )),
  ];
  expect(outcomes.map(({ code }) => code)).toEqual([1, 0, 0, 0]);
  for (const { stdout, stderr } of outcomes) {
    expect(stdout + stderr).toContain('[31m');
    expect(stdout + stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  }
});

test('status joins the two processes of a node', async () => {
  const other = await runDaemon(folder, {
    roles: ['agent'],
    options: { controlPath: test1.options.controlPath.replace('control-', 'agent-control-') },
  });
  const report = JSON.parse((await ask('status', '-o', 'json')).stdout) as object;
  const kernel = await ask('routes', '--kernel', '-o', 'json');
  await other.daemon.close();
  expect(report).toMatchObject({
    roles: ['speaker', 'agent'],
    kernel: { desired: 3 },
    sessions: { Idle: 1 },
  });
  expect(kernel).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  expect((await ask('routes', '--kernel')).stderr).toBe('manul: this process has no agent role\n');
});
