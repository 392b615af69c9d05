/**
 * Two real processes on loopback addresses: a reflector that accepts clients from a range, and a node as its
 * client, each with a file datastore that is edited while they run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { PeerDetail, RouteStatus } from '@manul/bgp';
import type { StatusReport } from '../../src/daemon/status-report.ts';
import { TestPeer } from '../harness/bgp/test-peer.ts';
import { pollUntil } from '../harness/deadline.ts';
import { describeWith } from '../support/requirements.ts';
import { cleanEnvironment, collect, EXECUTABLE, manul, startManul } from './support/manul.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

jest.setTimeout(120_000);

const PORT = 17_917;
/** Loopback addresses of this run alone. */
const NET = `127.${20 + (process.pid % 200)}`;
const REFLECTOR = `${NET}.0.1`;
const CLIENT = `${NET}.0.2`;
const NEWCOMER = `${NET}.1.7`;
const STOP_WITHIN_MS = 5000;

const folder = temporaryFolder();
const resources = join(folder, 'resources');
const running: ChildProcess[] = [];

interface Process {
  readonly child: ChildProcess;
  readonly output: ReturnType<typeof collect>;
  readonly control: string;
}

const BASE = `
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: 64512, listenPort: ${PORT}, bindMode: NodeIP, nodeToNodeMeshEnabled: false}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: rr-1}
spec: {bgp: {ipv4Address: ${REFLECTOR}/32, routeReflectorClusterID: 244.0.0.1}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: node-1}
spec: {bgp: {ipv4Address: ${CLIENT}/32}}
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: pods}
spec: {cidr: 10.244.0.0/16, blockSize: 26, natOutgoing: false, ipipMode: Never, vxlanMode: Never}
---
apiVersion: crd.projectcalico.org/v1
kind: BlockAffinity
metadata: {name: node-1-10-244-1-0-26}
spec: {cidr: 10.244.1.0/26, node: node-1, state: confirmed, deleted: "false"}
---
apiVersion: crd.projectcalico.org/v1
kind: BlockAffinity
metadata: {name: rr-1-10-244-9-0-26}
spec: {cidr: 10.244.9.0/26, node: rr-1, state: confirmed, deleted: "false"}
---
apiVersion: manul.dev/v1alpha1
kind: DynamicNeighbor
metadata: {name: clients}
spec: {nodeSelector: all(), listenRanges: [${CLIENT}/32, ${NET}.0.8/29], routeReflectorClient: true}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: reflector}
spec: {node: node-1, peerIP: "${REFLECTOR}:${PORT}", asNumber: 64512, reversePeering: Manual}
`;

const TOR = `
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: tor}
spec: {node: rr-1, peerIP: ${NET}.0.66, asNumber: 65001}
`;

const LATE_RANGE = `
apiVersion: manul.dev/v1alpha1
kind: DynamicNeighbor
metadata: {name: late}
spec: {listenRanges: [${NET}.1.0/24], routeReflectorClient: true}
`;

function write(name: string, text: string): void {
  writeFileSync(join(resources, name), text);
}

function start(node: string): Process {
  const control = join(folder, `${node}.sock`);
  const words = ['run', '--config', resources, '--node', node, '--roles', 'speaker'];
  const child = spawn(EXECUTABLE, [...words, '--control', control, '--http', '127.0.0.1:0'], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  return { child, output: collect(child), control };
}

async function ask<T>(process: Process, ...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await manul([...words, '-o', 'json', '--control', process.control]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

function peersOf(process: Process): Promise<readonly PeerDetail[]> {
  return ask(process, 'peers');
}

function statusOf(process: Process): Promise<StatusReport> {
  return ask(process, 'status');
}

async function peerWith(
  process: Process,
  what: string,
  matches: (peer: PeerDetail) => boolean,
): Promise<PeerDetail> {
  return pollUntil(async () => (await peersOf(process)).find(matches), what);
}

/** Milliseconds from the signal to the end, with the exit code. */
async function stop({ child }: Process): Promise<{ code: number | null; tookMs: number }> {
  const startMs = performance.now();
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, tookMs: performance.now() - startMs };
}

describeWith({}, 'two speakers in processes of their own', () => {
  let reflector: Process;
  let client: Process;

  beforeAll(() => {
    mkdirSync(resources);
    write('base.yaml', BASE);
    write('tor.yaml', TOR);
    reflector = start('rr-1');
    client = start('node-1');
  });

  afterAll(() => {
    for (const child of running) if (child.exitCode === null) child.kill('SIGKILL');
  });

  test('they establish a session and exchange what they originate', async () => {
    await peerWith(
      reflector,
      'the client Established',
      ({ name, state }) => name === `clients/${CLIENT}` && state === 'Established',
    );
    await peerWith(
      client,
      'the reflector Established',
      ({ name, state }) => name === 'reflector' && state === 'Established',
    );
    const learnt = await pollUntil(
      async () => (await ask<RouteStatus[]>(reflector, 'routes', '10.244.1.0/26')).at(0),
      "the client's block at the reflector",
    );
    expect(learnt).toMatchObject({ nextHop: CLIENT, best: true, peer: `clients/${CLIENT}`, asPath: [] });
    await pollUntil(
      async () => (await ask<RouteStatus[]>(client, 'routes', '10.244.9.0/26')).at(0),
      "the reflector's block at the client",
    );
    const status = await statusOf(reflector);
    expect(status).toMatchObject({
      node: 'rr-1',
      roles: ['speaker'],
      ready: true,
      clusterId: '244.0.0.1',
      sessions: { Established: 1 },
      routes: { originated: 1 },
      kernel: null,
    });
  });

  test('metrics, health and looking glass are served', async () => {
    const { http } = await statusOf(reflector);
    const get = async (path: string): Promise<string> => (await fetch(`http://${http}${path}`)).text();
    expect(await get('/readyz')).toBe('ok\n');
    expect(await get('/metrics')).toContain(
      `manul_bgp_peer_state{peer="clients/${CLIENT}",kind="dynamic",asn="64512"} 6`,
    );
    expect(await get('/')).toContain('10.244.1.0/26');
  });

  test('edits change exactly what they say; a broken document is reported and its last good version stays', async () => {
    const before = await peerWith(reflector, 'the client', ({ kind }) => kind === 'dynamic');
    const outsider = TestPeer.dial(
      { address: REFLECTOR, port: PORT },
      { asn: 64512, routerId: '10.0.0.7', localAddress: NEWCOMER },
    );
    await outsider.closed();
    expect(outsider.messages).toEqual([]);

    write('late.yaml', LATE_RANGE);
    write('tor.yaml', TOR.replace('65001', '65002'));
    write(
      'pool.yaml',
      'apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: x}\nspec: {peerIP: nonsense}\n',
    );
    write('broken.yaml', 'kind: [unclosed\n');
    write('base.yaml', BASE.replace('10.244.9.0/26, node: rr-1', '10.244.9.0/99, node: rr-1'));

    await peerWith(reflector, 'the changed peer', ({ name, asn }) => name === 'tor' && asn === 65_002);
    const status = await pollUntil(async () => {
      const now = await statusOf(reflector);
      return new Set(now.datastore.problems.map(({ file }) => file)).size >= 3 ? now : null;
    }, 'three files with problems');
    expect(status.datastore.problems).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ file: join(resources, 'broken.yaml'), line: expect.any(Number) }),
        expect.objectContaining({ resource: 'BGPPeer/x', field: 'spec.peerIP', line: 4 }),
        expect.objectContaining({ resource: 'BlockAffinity/rr-1-10-244-9-0-26', field: 'spec.cidr' }),
      ]),
    );
    // The last good version of the block stays, and nothing happened to the session.
    expect(await ask<RouteStatus[]>(client, 'routes', '10.244.9.0/26')).toHaveLength(1);
    const after = await peerWith(reflector, 'the client', ({ name }) => name === before.name);
    expect(after).toMatchObject({ state: 'Established', since: before.since, flaps: 0 });

    const newcomer = await TestPeer.dial(
      { address: REFLECTOR, port: PORT },
      { asn: 64512, routerId: '10.0.0.7', localAddress: NEWCOMER },
    ).established();
    expect((await newcomer.route('10.244.1.0/26')).nextHop).toBe(CLIENT);
    await newcomer.shutdown();
  });

  test('a problem that is logged is logged once, as JSON on standard error', async () => {
    const lines = reflector
      .output()
      .stderr.split('\n')
      .filter((line) => line !== '');
    const entries = lines.map(
      (line) => JSON.parse(line) as { level: string; time: string; msg: string; problem?: string },
    );
    expect(entries[0]).toMatchObject({ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(entries.filter(({ problem }) => problem?.includes('BGPPeer/x') === true)).toHaveLength(1);
    expect(reflector.output().stdout).toBe('');
  });

  test('a problem that is mended is gone, and a file that is removed takes its resources with it', async () => {
    write('base.yaml', BASE);
    for (const name of ['broken.yaml', 'pool.yaml', 'tor.yaml']) rmSync(join(resources, name));
    await pollUntil(
      async () => ((await statusOf(reflector)).datastore.problems.length === 0 ? true : null),
      'no problems',
    );
    await pollUntil(
      async () => ((await peersOf(reflector)).every(({ name }) => name !== 'tor') ? true : null),
      'the removed peer gone',
    );
  });

  test('watch tells of a route that goes, even if it was there before, and of the session that ended it', async () => {
    const child = startManul(['watch', '-o', 'json', '--control', reflector.control]);
    running.push(child);
    const output = collect(child);
    const events = () =>
      output()
        .stdout.split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    // The watcher follows from some moment on: the first event that it sees shows that it does.
    await pollUntil(async () => {
      const probe = connect({ host: REFLECTOR, port: PORT, localAddress: `${NET}.2.1` });
      probe.on('error', () => {});
      await once(probe, 'close');
      return events().some(({ kind }) => kind === 'refused') || null;
    }, 'the watcher following');
    const reset = ['peer', 'reset', `clients/${CLIENT}`, '--message', 'for a test'];
    expect((await manul([...reset, '--control', reflector.control])).code).toBe(0);
    await pollUntil(
      async () =>
        events().some(
          ({ kind, prefix, nextHop }) => kind === 'route' && prefix === '10.244.1.0/26' && nextHop === null,
        ) || null,
      'the route gone',
    );
    expect(events()).toContainEqual(
      expect.objectContaining({
        kind: 'notification',
        peer: `clients/${CLIENT}`,
        error: expect.objectContaining({ direction: 'sent', code: 6, subcode: 4, text: 'for a test' }),
      }),
    );
    child.kill('SIGTERM');
    await peerWith(
      reflector,
      'the client again',
      ({ kind, state }) => kind === 'dynamic' && state === 'Established',
    );
  });

  test('SIGHUP reads the resources again without touching sessions', async () => {
    const before = await peerWith(reflector, 'the client', ({ state }) => state === 'Established');
    reflector.child.kill('SIGHUP');
    await pollUntil(
      async () => (reflector.output().stderr.includes('"signal":"SIGHUP"') ? true : null),
      'SIGHUP in the log',
    );
    expect(await peerWith(reflector, 'the client', ({ name }) => name === before.name)).toMatchObject({
      since: before.since,
    });
  });

  test('a second daemon of the same node is refused and the first goes on', async () => {
    const { code, stderr } = await manul([
      ...['run', '--config', resources, '--node', 'rr-1', '--roles', 'speaker'],
      ...['--control', reflector.control, '--http', 'off'],
    ]);
    expect([code, stderr]).toEqual([
      1,
      `manul: control socket ${reflector.control}: another process answers there already\n`,
    ]);
    expect((await statusOf(reflector)).ready).toBe(true);
  });

  test('SIGTERM ends a daemon cleanly within five seconds, and the other side is told', async () => {
    const { code, tookMs } = await stop(client);
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(STOP_WITHIN_MS);
    const ended = await peerWith(reflector, 'the end of the session', ({ lastError }) => lastError !== null);
    expect(ended).toMatchObject({ state: 'Idle', lastError: { direction: 'received', code: 6, subcode: 2 } });
    expect(await ask<RouteStatus[]>(reflector, 'routes', '10.244.1.0/26')).toEqual([]);
    const last = await stop(reflector);
    expect(last.code).toBe(0);
    expect(last.tookMs).toBeLessThan(STOP_WITHIN_MS);
    expect(existsSync(reflector.control)).toBe(false);
  });
});
