import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ControlClient } from '../../../src/control/control-client.ts';
import type { StatusReport } from '../../../src/daemon/status-report.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import { FakeDatastore, nodeConfig, problem, snapshot } from '../support/fake-datastore.ts';
import { runDaemon, type TestDaemon, type TestDaemonOptions } from '../support/run-daemon.ts';
import { peer } from '../support/samples.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const running: TestDaemon[] = [];

async function run(setup: TestDaemonOptions = {}): Promise<TestDaemon> {
  const daemon = await runDaemon(folder, setup);
  running.push(daemon);
  return daemon;
}

async function statusOf(test: TestDaemon): Promise<StatusReport> {
  return (await (await test.get('/api/v1/status')).json()) as StatusReport;
}

afterEach(async () => {
  for (const { daemon } of running.splice(0)) await daemon.close();
});

test('what a snapshot renders to is what the roles get', async () => {
  const { speaker, agent } = await run({ roles: ['speaker', 'agent'] });
  expect(speaker.applied).toEqual([nodeConfig().speaker]);
  expect(agent.applied).toEqual([nodeConfig().agent]);
});

test('a speaker alone originates what the resources say', async () => {
  const { speaker } = await run();
  expect(speaker.originated).toEqual([]);
});

test('beside an agent the speaker originates what is in the kernel, never before', async () => {
  const { speaker, agent, datastore } = await run({ roles: ['speaker', 'agent'] });
  expect(speaker.originated).toEqual([[]]);
  agent.becomeReady(['10.0.0.0/26']);
  const entry = { prefix: '10.0.0.0/26', localPref: 2_147_482_623, communities: [] };
  expect(speaker.originated.at(-1)).toEqual([entry]);
  datastore.deliver(snapshot());
  expect(speaker.originated.at(-1)).toEqual([entry]);
});

test('a snapshot that is not in sync changes nothing that runs', async () => {
  const test = await run({ datastore: new FakeDatastore(snapshot([], false)) });
  expect(test.speaker.applied).toEqual([]);
  expect((await statusOf(test)).datastore.inSync).toBe(false);
});

test('a problem is logged when it appears, not with every snapshot, and told by status and metrics', async () => {
  const test = await run();
  const { datastore, log } = test;
  for (let i = 0; i < 3; i++)
    datastore.deliver(snapshot([problem(), problem({ severity: 'unknown-field', text: 'x' })]));
  const line = 'a.yaml:7: BGPPeer/tor: spec.peerIP: is no address';
  expect(log.lines.filter((text) => text.includes(line))).toHaveLength(1);
  expect(log.lines.filter((text) => text.startsWith('warn'))).toHaveLength(1);
  const status = await statusOf(test);
  expect(status.datastore.problems).toHaveLength(2);
  expect(status.lastErrors).toMatchObject([{ object: 'BGPPeer/tor', text: line }]);
  expect(await (await test.get('/metrics')).text()).toContain(
    'manul_datastore_invalid_resources{kind="BGPPeer"} 1\n',
  );
  datastore.deliver(snapshot());
  expect(log.lines.at(-1)).toContain('problem is gone');
  expect(await (await test.get('/metrics')).text()).toContain(
    'manul_datastore_invalid_resources{kind="BGPPeer"} 0\n',
  );
});

test('a rendering that fails leaves the last configuration in force', async () => {
  let fails = false;
  const test = await run({
    render: () => {
      if (fails) throw new Error('cannot render');
      return nodeConfig();
    },
  });
  fails = true;
  test.datastore.deliver(snapshot());
  expect(test.speaker.applied).toHaveLength(1);
  expect((await statusOf(test)).lastErrors).toMatchObject([
    { object: 'configuration', text: 'cannot render' },
  ]);
});

test('status counts sessions by state and kind, and keeps what went wrong', async () => {
  const test = await run({ roles: ['speaker', 'agent'] });
  test.speaker.peerList = [peer(), peer({ name: 'mesh/a', kind: 'mesh', state: 'Active' })];
  test.speaker.emit({ kind: 'listenFailed', address: '192.0.2.1', port: 179, reason: 'in use' });
  const status = await statusOf(test);
  expect(status).toMatchObject({
    node: 'node-1',
    roles: ['speaker', 'agent'],
    asn: 64512,
    ready: false,
    http: test.daemon.http,
    sessions: { Established: 1, Active: 1, Idle: 0 },
    sessionsByKind: { configured: 1, mesh: 1, dynamic: 0 },
    routes: { prefixes: { ipv4: 0, ipv6: 0 }, originated: 0 },
    kernel: { desired: 3, actual: 2, inSync: false },
    link: { kind: 'in-process', connected: true },
  });
  expect(status.lastErrors.map(({ object }) => object)).toEqual(['listen 192.0.2.1 port 179', '10.9.0.0/26']);
});

test('it reloads on request, and closes everything it started', async () => {
  const test = await runDaemon(folder, { roles: ['speaker', 'agent'] });
  await test.daemon.reload();
  expect(test.datastore.reloads).toBe(1);
  await test.daemon.close();
  expect([test.speaker.closed, test.agent.closed, test.datastore.closed]).toEqual([true, true, true]);
  expect(existsSync(test.options.controlPath)).toBe(false);
  await expect(test.get('/livez')).rejects.toThrow();
});

describe('the control socket', () => {
  test('may be used by this user only', async () => {
    const { options } = await run();
    expect(statSync(options.controlPath).mode & 0o777).toBe(0o600);
  });

  test('a second daemon is refused and leaves nothing that would keep its process, and the first goes on', async () => {
    const first = await run();
    const { controlPath } = first.options;
    const agent = new FakeAgent();
    await expect(run({ roles: ['speaker', 'agent'], agent, options: { controlPath } })).rejects.toThrow(
      `control socket ${controlPath}: another process answers there already`,
    );
    expect(agent.closed).toBe(true);
    expect((await statusOf(first)).node).toBe('node-1');
    expect(await new ControlClient(controlPath).get('/api/v1/status')).toMatchObject({ node: 'node-1' });
  });

  test('a socket file that a killed daemon left is replaced', async () => {
    const controlPath = join(folder, 'stale.sock');
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(join(folder, 'dying.sock'), resolve));
    // Closing removes the file under its first name; under another one it stays, with nobody behind it.
    const { renameSync } = await import('node:fs');
    renameSync(join(folder, 'dying.sock'), controlPath);
    await new Promise((resolve) => dead.close(resolve));
    expect(statSync(controlPath).isSocket()).toBe(true);
    await run({ options: { controlPath } });
    expect(await new ControlClient(controlPath).get('/api/v1/status')).toMatchObject({ node: 'node-1' });
  });

  test('a file that is no socket is not touched', async () => {
    const controlPath = join(folder, 'precious.txt');
    writeFileSync(controlPath, 'mine');
    await expect(run({ options: { controlPath } })).rejects.toThrow('there is a file that is no socket');
    expect(statSync(controlPath).size).toBe(4);
  });
});

test('a port in use is a clear error, and nothing stays behind', async () => {
  const first = await run();
  const port = Number(first.daemon.http?.split(':')[1]);
  const controlPath = join(folder, 'second.sock');
  await expect(run({ options: { controlPath, http: { host: '127.0.0.1', port } } })).rejects.toThrow(
    `--http 127.0.0.1:${port}: the port is in use by another process`,
  );
  expect(existsSync(controlPath)).toBe(false);
});
