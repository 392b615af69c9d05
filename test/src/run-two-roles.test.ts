/**
 * Speaker and agent of one node as two processes, either of which may restart alone, beside a node that runs
 * both in one process. Two network namespaces and a cable; the kernels are real.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { RouteStatus } from '@manul/bgp';
import type { KernelRouteStatus } from '@manul/felix-like';
import type { StatusReport } from '../../src/daemon/status-report.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ChildDaemon } from '../harness/process/child-daemon.ts';
import { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { TempFolder } from '../harness/process/temp-folder.ts';
import { describeWith } from '../support/requirements.ts';
import { EXECUTABLE, manul } from './support/manul.ts';

jest.setTimeout(180_000);

const RESOURCES = `
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: 64512, nodeToNodeMeshEnabled: true}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: node-a}
spec: {bgp: {ipv4Address: 10.99.0.1/24}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: node-b}
spec: {bgp: {ipv4Address: 10.99.0.2/24}}
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: pods}
spec: {cidr: 10.244.0.0/16, ipipMode: Never, vxlanMode: Never}
---
apiVersion: crd.projectcalico.org/v1
kind: BlockAffinity
metadata: {name: node-a-10-244-1-0-26}
spec: {cidr: 10.244.1.0/26, node: node-a, state: confirmed, deleted: "false"}
---
apiVersion: crd.projectcalico.org/v1
kind: BlockAffinity
metadata: {name: node-b-10-244-2-0-26}
spec: {cidr: 10.244.2.0/26, node: node-b, state: confirmed, deleted: "false"}
`;

const BLOCK_A = '10.244.1.0/26';
const BLOCK_B = '10.244.2.0/26';
/** What the kernel of node A holds in the end: its own block, and the other's by way of node B. */
const KERNEL_A = [`blackhole ${BLOCK_A}`, `${BLOCK_B} via 10.99.0.2 dev eth0`];

describeWith({ root: true, commands: ['ip', 'nsenter'] }, 'speaker and agent in two processes', () => {
  let folder: TempFolder;
  let nodeA: NetworkNamespace;
  let nodeB: NetworkNamespace;
  let speaker: ChildDaemon;
  let agent: ChildDaemon;
  let other: ChildDaemon;

  beforeAll(async () => {
    folder = new TempFolder('roles');
    folder.write('resources.yaml', RESOURCES);
    nodeA = new NetworkNamespace('a', []);
    nodeB = new NetworkNamespace('b', []);
    ip('-n', nodeA.name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', nodeB.name);
    for (const [namespace, address] of [
      [nodeA, '10.99.0.1/24'],
      [nodeB, '10.99.0.2/24'],
    ] as const) {
      ip('-n', namespace.name, 'address', 'add', address, 'dev', 'eth0');
      ip('-n', namespace.name, 'link', 'set', 'eth0', 'up');
    }
    other = await start(nodeB, 'node-b', 'speaker,agent', 'b.sock');
    agent = await start(nodeA, 'node-a', 'agent', 'agent-a.sock');
    speaker = await start(nodeA, 'node-a', 'speaker', 'a.sock');
  });

  afterAll(async () => {
    for (const child of [speaker, agent, other]) await child?.stop();
    nodeA?.remove();
    nodeB?.remove();
    folder?.remove();
  });

  function start(
    namespace: NetworkNamespace,
    node: string,
    roles: string,
    control: string,
  ): Promise<ChildDaemon> {
    const words = ['run', '--config', folder.file('resources.yaml'), '--node', node, '--roles', roles];
    const sockets = ['--control', folder.file(control), '--agent-socket', folder.file(`${node}-link.sock`)];
    return ChildDaemon.start(`${node} ${roles}`, EXECUTABLE, [...words, ...sockets, '--http', 'off'], {
      namespace,
    });
  }

  async function ask<T>(control: string, ...words: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await manul([
      ...words,
      '-o',
      'json',
      '--control',
      join(folder.path, control),
    ]);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }

  /** Our routes in the kernel of node A. */
  function kernelA(): readonly string[] {
    const text = ip('-n', nodeA.name, 'route', 'show', 'proto', '80');
    return text
      .split('\n')
      .map((line) => line.replace(/ metric \d+.*$/, '').trim())
      .filter((line) => line !== '')
      .sort();
  }

  async function untilKernelA(what: string): Promise<void> {
    await pollUntil(async () => (kernelA().join() === [...KERNEL_A].sort().join() ? true : null), what);
  }

  /** Routes of node B to node A's block; each says since when. */
  async function blockAtB(): Promise<RouteStatus | undefined> {
    return (await ask<readonly RouteStatus[]>('b.sock', 'routes', BLOCK_A)).at(0);
  }

  async function untilJoined(): Promise<StatusReport> {
    return pollUntil(async () => {
      const status = await ask<StatusReport>('a.sock', 'status');
      return status.link?.connected === true && status.kernel?.learnt === 1 ? status : null;
    }, 'status of both processes');
  }

  test('blocks are announced and programmed on both nodes, and status joins the processes', async () => {
    await untilKernelA('the routes of node A');
    await pollUntil(blockAtB, "node A's block at node B");
    const status = await untilJoined();
    expect(status).toMatchObject({
      node: 'node-a',
      roles: ['speaker', 'agent'],
      ready: true,
      sessions: { Established: 1 },
      routes: { originated: 1 },
      kernel: { ready: true, blocks: 1, desired: 2, actual: 2 },
      link: { kind: 'socket', connected: true },
    });
    const kernel = await ask<readonly KernelRouteStatus[]>('a.sock', 'routes', '--kernel');
    expect(kernel).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ prefix: BLOCK_A, type: 'blackhole', reason: 'block', inSync: true }),
        expect.objectContaining({ prefix: BLOCK_B, nextHop: '10.99.0.2', reason: 'learnt', inSync: true }),
      ]),
    );
  });

  test('the agent restarts alone: the announcement never goes, the routes stay', async () => {
    const before = await pollUntil(blockAtB, "node A's block");
    const started = Date.now();
    agent.signal('SIGKILL');
    await agent.exited();
    expect(kernelA()).toEqual([...KERNEL_A].sort());
    agent = await start(nodeA, 'node-a', 'agent', 'agent-a.sock');
    await untilJoined();
    await untilKernelA('the routes of node A');
    const after = await pollUntil(blockAtB, "node A's block");
    // Withdrawn and announced again, the route would be younger than the restart.
    expect(after.age).toBeGreaterThanOrEqual(Math.floor(before.age + (Date.now() - started) / 1000) - 1);
  });

  test('the speaker restarts alone: the agent keeps the learnt routes throughout', async () => {
    const seen = new Set<string>();
    speaker.signal('SIGKILL');
    await speaker.exited();
    const watching = setInterval(() => seen.add(kernelA().join('\n')), 50);
    try {
      speaker = await start(nodeA, 'node-a', 'speaker', 'a.sock');
      await untilJoined();
      await pollUntil(
        async () => {
          const { kernel } = await ask<StatusReport>('a.sock', 'status');
          return kernel?.learntInSync === true || null;
        },
        'the learnt routes complete again',
        { deadlineMs: 150_000 },
      );
    } finally {
      clearInterval(watching);
    }
    seen.add(kernelA().join('\n'));
    expect([...seen]).toEqual([[...KERNEL_A].sort().join('\n')]);
    await pollUntil(blockAtB, "node A's block at node B");
  });

  test('both processes end cleanly on SIGTERM, and the routes stay', async () => {
    for (const child of [speaker, agent]) {
      child.signal('SIGTERM');
      expect(await child.exited()).toBe(0);
    }
    expect(kernelA()).toEqual([...KERNEL_A].sort());
  });
});

function ip(...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('ip', [...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr.trim()}`);
  return stdout;
}
