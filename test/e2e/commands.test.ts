/** Every command as a new user meets it: formats, exit codes, what is said when something is wrong. */
import { statSync } from 'node:fs';
import { parse } from 'yaml';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { MANUL } from '../harness/manul/manul-daemon.ts';
import { type CommandResult, runCommand } from '../harness/process/run-command.ts';
import { TempFolder } from '../harness/process/temp-folder.ts';
import { type Reflector, startReflector } from './support/reflector.ts';

jest.setTimeout(60_000);

const NETWORK = '127.50.0';
const A = `${NETWORK}.11`;
const B = `${NETWORK}.12`;

describe('the commands', () => {
  let reflector: Reflector;
  let a: TestPeer;
  let b: TestPeer;
  const folder = new TempFolder('commands');

  beforeAll(async () => {
    reflector = await startReflector({ address: `${NETWORK}.1`, listenRanges: [`${NETWORK}.0/24`] });
    a = await reflector.dial(A).established();
    b = await reflector.dial(B).established();
    a.announce(['10.50.0.0/16', '10.50.1.0/24'], { nextHop: A, asPath: [65001, 65002] });
    a.announce(['fd50::/48'], { nextHop: 'fd50::1' });
    await b.route('10.50.1.0/24');
    await b.route('fd50::/48');
  });

  afterAll(async () => {
    await Promise.all([a?.close(), b?.close()]);
    await reflector?.daemon.stop();
    folder.remove();
  });

  const run = (...words: readonly string[]): Promise<CommandResult> => reflector.daemon.run(...words);
  const alone = (...words: readonly string[]): Promise<CommandResult> => runCommand(MANUL, words);

  async function json(...words: readonly string[]): Promise<unknown> {
    const { status, stdout, stderr } = await run(...words, '-o', 'json');
    expect([status, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  }

  /** Uptimes and ages differ from one call to the next. */
  const timeless = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (key, field) =>
        /^(uptimeSeconds|age|messages|bytes)$/.test(key) ? null : field,
      ),
    );

  describe('that read', () => {
    test.each([
      ['status'],
      ['peers'],
      ['peers', `clients/${A}`],
      ['routes'],
      ['explain', '10.50.1.7'],
      ['explain', '10.50.1.0/24', '--to', `clients/${B}`],
      ['routes', '--all'],
      ['routes', '--received', `clients/${A}`],
      ['routes', '--advertised', `clients/${B}`],
      ['routes', '--longest', '10.50.1.7'],
      ['routes', '--family', 'ipv6'],
    ])('manul %s %s %s: JSON and YAML say the same, and a table is there', async (...words) => {
      const [value, yaml, table] = await Promise.all([
        json(...words),
        run(...words, '--output', 'yaml'),
        run(...words),
      ]);
      expect([yaml.status, yaml.stderr]).toEqual([0, '']);
      expect(timeless(parse(yaml.stdout))).toEqual(timeless(value));
      expect(timeless(parse(yaml.stdout, { version: '1.1' }))).toEqual(timeless(value));
      expect([table.status, table.stderr]).toEqual([0, '']);
      expect(table.stdout).toContain(words[0] === 'routes' ? 'NEXT HOP' : NETWORK);
      expect(Math.max(...table.stdout.split('\n').map((line) => line.length))).toBeLessThan(300);
    });

    test('select what is asked for', async () => {
      const prefixes = async (...words: string[]): Promise<string[]> =>
        ((await json('routes', ...words)) as { prefix: string }[]).map(({ prefix }) => prefix);
      expect(await prefixes('--family', 'ipv4')).toEqual(['10.50.0.0/16', '10.50.1.0/24']);
      expect(await prefixes('10.50.0.0/16')).toEqual(['10.50.0.0/16']);
      expect(await prefixes('10.51.0.0/16')).toEqual([]);
      expect(await prefixes('--longest', '10.50.1.7')).toEqual(['10.50.1.0/24']);
      expect(await prefixes('--longest', '10.50.2.7')).toEqual(['10.50.0.0/16']);
      expect(await prefixes('--longest', '192.0.2.1')).toEqual([]);
      expect(await prefixes('--received', `clients/${B}`)).toEqual([]);
      expect(await prefixes('--advertised', `clients/${A}`)).toEqual([]);
      expect(await prefixes('--advertised', `clients/${B}`, '--family', 'ipv6')).toEqual(['fd50::/48']);
    });

    test('show everything that the contract names', async () => {
      const [peer] = (await json('peers')) as object[];
      expect(Object.keys(peer!)).toEqual(expect.arrayContaining(PEER_KEYS));
      const [route] = (await json('routes', '10.50.1.0/24')) as object[];
      expect(Object.keys(route!)).toEqual(expect.arrayContaining(ROUTE_KEYS));
      expect(route).toMatchObject({ asPath: [65001, 65002], peer: `clients/${A}`, nextHop: A });
      expect(await json('status')).toMatchObject({
        node: 'rr-1',
        roles: ['speaker'],
        ready: true,
        datastore: { inSync: true, problems: [] },
        sessions: { Established: 2 },
        routes: { prefixes: { ipv4: 2, ipv6: 1 } },
        kernel: null,
      });
    });
  });

  describe('that fail', () => {
    test.each([
      [1, ['peers', 'nobody'], 'no peer "nobody"'],
      [1, ['routes', '--received', 'nobody'], 'no peer "nobody"'],
      [1, ['routes', '--kernel'], 'this process has no agent role'],
      [1, ['peer', 'reset', 'nobody'], 'no peer "nobody"'],
      [2, ['routes', '10.0.0.1/24'], 'prefix: "10.0.0.1/24" has bits set behind its length'],
      [2, ['routes', 'banana'], 'prefix: "banana" is no prefix'],
      [2, ['routes', '--longest', 'banana'], 'longest: "banana" is no address'],
      [2, ['routes', '--family', 'ipx'], '--family: "ipx" is none of ipv4, ipv6'],
      [2, ['peers', '-o', 'xml'], '--output: "xml" is none of table, json, yaml'],
      [2, ['peer', 'reset'], 'an argument is missing, see --help of the command'],
      [2, ['status', 'extra'], 'Unknown command: extra'],
    ])('say why in one line: exit code %i for manul %j', async (status, words, line) => {
      expect(await run(...words)).toEqual({ status, stdout: '', stderr: `manul: ${line}\n` });
    });

    test.each([
      [
        ['run', '--roles', 'speaker'],
        2,
        '--config PATH (or MANUL_CONFIG) is needed: a file or folder of resources; or --datastore kubernetes',
      ],
      [
        ['run', '--config', '/nowhere', '--roles', 'speaker', '--http', 'off'],
        1,
        '--config /nowhere: no such file or folder',
      ],
      [
        ['run', '--config', '/nowhere', '--roles', 'cook'],
        2,
        '--roles: "cook" is no role, known are speaker and agent',
      ],
      [
        ['run', '--config', folder.path, '--roles', 'speaker', '--router-id', 'x'],
        2,
        '--router-id: "x" is neither an IPv4 address nor "hash"',
      ],
      [['render', '/nowhere', '--node', 'x'], 1, '/nowhere: there is no such file or folder'],
      [['juggle'], 2, 'Unknown command: juggle'],
      [[], 2, 'a command is missing, see manul --help'],
    ])('without a daemon: manul %j', async (words, status, line) => {
      expect(await alone(...words)).toEqual({ status, stdout: '', stderr: `manul: ${line}\n` });
    });

    test('where nobody answers, the way out is named', async () => {
      const path = folder.file('nobody.sock');
      expect(await alone('peers', '--control', path)).toEqual({
        status: 1,
        stdout: '',
        stderr: `manul: no daemon answers at ${path}: start one with "manul run", or name its socket with --control\n`,
      });
    });

    test('an address that is taken is named, and the first daemon goes on', async () => {
      const { folder: resources, httpPort, controlPath } = reflector.daemon;
      const words = ['run', '--config', resources, '--node', 'rr-1', '--roles', 'speaker'];
      const other = folder.file('other.sock');
      expect(await alone(...words, '--http', `127.0.0.1:${httpPort}`, '--control', other)).toMatchObject({
        status: 1,
        stderr: `manul: --http 127.0.0.1:${httpPort}: the port is in use by another process\n`,
      });
      expect(await alone(...words, '--http', 'off', '--control', controlPath)).toMatchObject({
        status: 1,
        stderr: `manul: control socket ${controlPath}: another process answers there already\n`,
      });
      expect((await run('status')).status).toBe(0);
    });
  });

  test('check names file, line, resource, field and reason, and accepts nothing in part', async () => {
    const good = folder.write(
      'good.yaml',
      'apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: a}\nspec: {peerIP: 10.0.0.1, asNumber: 65001}\n',
    );
    expect(await alone('check', good)).toEqual({ status: 0, stdout: '', stderr: '' });
    const bad = folder.write(
      'bad.yaml',
      'apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: b}\nspec:\n  peerIP: 10.0.0.999\n  asNumber: 65001\n  colour: red\n',
    );
    const { status, stdout, stderr } = await alone('check', folder.path);
    expect(status).toBe(1);
    expect(stdout).toContain(`${bad}:5: BGPPeer/b: spec.peerIP: `);
    expect(stdout).toContain(`${bad}:7: BGPPeer/b: spec.colour: `);
    expect(stderr).toMatch(/^manul: .*2 problems\n$/);
    const found = JSON.parse((await alone('check', bad, '-o', 'json')).stdout) as object[];
    expect(found).toMatchObject([
      { file: bad, line: 5, resource: 'BGPPeer/b', field: 'spec.peerIP' },
      { file: bad, line: 7, resource: 'BGPPeer/b', field: 'spec.colour' },
    ]);
  });

  test('render shows what the daemon runs with, in every format', async () => {
    const words = ['render', reflector.daemon.folder, '--node', 'rr-1'];
    const rendered = JSON.parse((await alone(...words, '-o', 'json')).stdout) as object;
    expect(rendered).toMatchObject({
      node: 'rr-1',
      asn: 64512,
      clusterId: '244.0.0.1',
      listen: [{ address: `${NETWORK}.1`, port: reflector.port }],
      peers: [],
      dynamic: [{ name: 'clients', routeReflectorClient: true, resource: 'DynamicNeighbor/clients' }],
      warnings: [],
    });
    expect(parse((await alone(...words, '-o', 'yaml')).stdout)).toEqual(rendered);
    expect((await alone(...words)).stdout).toMatch(/^clients +127\.50\.0\.0\/24 /m);
  });

  test('peer reset says why to the other side, and the client may come back', async () => {
    const { status, stdout, stderr } = await run('peer', 'reset', `clients/${B}`, '--message', 'new cables');
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    const { code, subcode, data } = await b.notified();
    expect([code, subcode, data.subarray(1).toString()]).toEqual([6, 4, 'new cables']);
    b = await reflector.dial(B).established();
    await b.route('10.50.1.0/24');
    expect(a.isEstablished).toBe(true);
    const shown = await reflector.daemon.untilPeer(B, () => true, '');
    expect(shown).toMatchObject({ flaps: 1, lastError: { direction: 'sent', text: 'new cables' } });
  });

  test('the control socket is for its owner alone', () => {
    expect(statSync(reflector.daemon.controlPath).mode & 0o777).toBe(0o600);
  });

  test('help and version go to standard output', async () => {
    const help = await alone('--help');
    expect([help.status, help.stderr]).toEqual([0, '']);
    const names = ['run', 'check', 'render', 'status', 'peers', 'routes', 'watch', 'peer'];
    for (const name of names) expect(help.stdout).toContain(`manul ${name}`);
    const each = await Promise.all(names.map((name) => alone(name, '--help')));
    expect(each.map(({ status, stderr }) => `${status}${stderr}`)).toEqual(names.map(() => '0'));
    expect((await alone('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

const PEER_KEYS = [
  ...['name', 'kind', 'address', 'port', 'localAddress', 'asn', 'localAsn', 'routerId', 'state', 'since'],
  ...['uptimeSeconds', 'routeReflectorClient', 'families', 'received', 'accepted', 'advertised', 'flaps'],
  'lastError',
];

const ROUTE_KEYS = [
  ...['prefix', 'family', 'nextHop', 'best', 'peer', 'origin', 'asPath', 'localPref', 'med', 'communities'],
  ...['largeCommunities', 'originatorId', 'clusterList', 'age'],
];
