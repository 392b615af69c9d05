/** `manul plan` against a running daemon, and what the daemon then really does. */
import { cpSync } from 'node:fs';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { MANUL } from '../harness/manul/manul-daemon.ts';
import { type CommandResult, runCommand } from '../harness/process/run-command.ts';
import { TempFolder } from '../harness/process/temp-folder.ts';
import { type Reflector, startReflector } from './support/reflector.ts';

jest.setTimeout(60_000);

const NETWORK = '127.57.0';
const bgpPeer = (spec: string) =>
  `apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: tor}\nspec: {peerIP: ${NETWORK}.9, asNumber: 65000, ${spec}}\n`;

/** Tries again until it holds; what it says last is what is wrong. */
async function eventually(check: () => Promise<void>): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; ) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

describe('manul plan', () => {
  let reflector: Reflector;
  let client: TestPeer;
  const wanted = new TempFolder('plan');

  beforeAll(async () => {
    reflector = await startReflector({
      address: `${NETWORK}.1`,
      listenRanges: [`${NETWORK}.0/24`],
      files: { 'tor.yaml': bgpPeer('') },
    });
    client = await reflector.dial(`${NETWORK}.11`).established();
    for (const name of ['node.yaml', 'clients.yaml', 'tor.yaml']) {
      cpSync(`${reflector.daemon.folder}/${name}`, `${wanted.path}/${name}`);
    }
  });

  afterAll(async () => {
    await client?.close();
    await reflector?.daemon.stop();
    wanted.remove();
  });

  const plan = (...words: readonly string[]): Promise<CommandResult> =>
    reflector.daemon.run('plan', wanted.path, ...words);

  test('the resources that run: exit code 0, no change', async () => {
    expect(await plan()).toMatchObject({ status: 0, stdout: 'rr-1: no change\n', stderr: '' });
  });

  test('others: exit code 3, and the sessions that they concern; applied, the others go on', async () => {
    wanted.write('tor.yaml', bgpPeer('keepaliveTime: 5s'));
    const { status, stdout } = await plan('-o', 'json');
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      node: 'rr-1',
      changes: true,
      sessions: [{ name: 'tor', change: 'reset', fields: [{ field: 'keepaliveSec', before: 30, after: 5 }] }],
      dynamic: [],
      routes: [],
    });
    reflector.daemon.writeFile('tor.yaml', bgpPeer('keepaliveTime: 5s'));
    await eventually(async () =>
      expect(await plan()).toMatchObject({ status: 0, stdout: 'rr-1: no change\n' }),
    );
    expect((await reflector.daemon.run('peers', '-o', 'json')).stdout).toContain('"Established"');
  });

  test("flags win over the daemon's: a key that is missing holds a session unless --missing-password connect", async () => {
    wanted.write('tor.yaml', bgpPeer('password: {secretKeyRef: {name: none, key: none}}'));
    const held = async (...words: string[]) => {
      const { sessions } = JSON.parse((await plan('-o', 'json', ...words)).stdout) as {
        sessions: { fields: { field: string; after: unknown }[] }[];
      };
      return sessions.flatMap(({ fields }) => fields.filter(({ field }) => field === 'held'));
    };
    expect(await held()).toMatchObject([{ after: 'Secret manul-system/none is missing' }]);
    expect(await held('--missing-password', 'connect')).toEqual([]);
    wanted.write('tor.yaml', bgpPeer('keepaliveTime: 5s'));
  });

  test('--from compares files, without a daemon; the node is that of --node', async () => {
    const from = reflector.daemon.folder;
    const result = await runCommand(MANUL, ['plan', wanted.path, '--from', from, '--node', 'rr-1']);
    expect(result).toMatchObject({ status: 0, stdout: 'rr-1: no change\n' });
  });

  test('invalid resources are no plan: exit code 1, the first problem in one line', async () => {
    wanted.write('tor.yaml', bgpPeer('ttlSecurity: many'));
    const { status, stdout, stderr } = await plan();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^manul: .*tor\.yaml:4: BGPPeer\/tor: spec\.ttlSecurity: .*\n$/);
  });

  test('what runs is told over the control socket only', async () => {
    const response = await fetch(`http://127.0.0.1:${reflector.daemon.httpPort}/api/v1/config`);
    expect(response.status).toBe(404);
  });
});
