/** With root: a rack of network namespaces, in which pods on three nodes and a host behind the router reach each other. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterResources } from './cluster-resources.ts';
import { outputOf } from './command.ts';
import { ManulDaemon } from './manul-daemon.ts';
import type { Namespace } from './namespace.ts';
import type { Router } from './options.ts';
import { showPing } from './ping.ts';
import { forwardPorts } from './port-forward.ts';
import { buildRack, type Rack } from './rack.ts';
import { addressOf, drawRack, expectedRoutes, HTTP_PORT, OUTSIDE, RACK, ROUTER } from './rack-plan.ts';
import { showServed } from './served.ts';
import { untilEstablished, untilInKernel, untilRoutes } from './sessions.ts';
import { type Stage, until } from './stage.ts';
import { startTopOfRack } from './start-top-of-rack.ts';
import type { TopOfRack } from './top-of-rack.ts';

interface Running {
  readonly rack: Rack;
  readonly router: TopOfRack;
  readonly reflector: ManulDaemon;
  readonly nodes: readonly ManulDaemon[];
}

/** Shows everything. @returns what to try while it stays up, a line each */
export async function showNamespaces(stage: Stage, asked: Router | null): Promise<readonly string[]> {
  const config = join(stage.folder, 'cluster.yaml');
  writeFileSync(config, clusterResources(RACK));
  const running = await start(stage, config, asked);
  const { rack, reflector, nodes } = running;
  await showSessions(stage, running);
  await showRoutes(stage, running);
  await showReachability(stage, rack);
  await showServices(stage, rack);
  return [
    rack.pods[0]!.command('ping', RACK.nodes[1]!.pod.address).join(' '),
    `npx manul watch --control ${reflector.control}`,
    `npx manul status --control ${nodes[0]!.control}`,
    `edit ${config}: changes are applied within two seconds`,
  ];
}

async function start(stage: Stage, config: string, asked: Router | null): Promise<Running> {
  const { screen } = stage;
  screen.step('A rack of network namespaces: a router, a reflector, three nodes with a pod each');
  const rack = await buildRack(stage);
  const startManul = (plan: { name: string; address: string }, roles: string, namespace: Namespace) =>
    ManulDaemon.start(stage, {
      node: plan.name,
      roles,
      config,
      http: `${addressOf(plan)}:${HTTP_PORT}`,
      wrapper: namespace.command(),
    });
  // Those that accept sessions first, so that the nodes find them at their first attempt.
  const [router, reflector] = await Promise.all([
    startTopOfRack(stage, rack.router, asked),
    startManul(RACK.reflector, 'speaker', rack.reflector),
  ]);
  screen.print(drawRack(router.title));
  screen.print(`\nresources: ${config}`);
  const nodes = await Promise.all(
    RACK.nodes.map((plan, i) => startManul(plan, 'speaker,agent', rack.nodes[i]!)),
  );
  nodes[0]!.showStart();
  screen.print('the other nodes likewise; the reflector with --roles speaker');
  return { rack, router, reflector, nodes };
}

async function showSessions(stage: Stage, { router, reflector, nodes }: Running): Promise<void> {
  const { screen } = stage;
  screen.step('Sessions: the reflector and the router both accept whoever comes from their range');
  await untilEstablished(stage, reflector, nodes.length);
  await Promise.all(nodes.map((node) => untilEstablished(stage, node, 2)));
  await Promise.all(RACK.nodes.map((plan, i) => untilRoutes(stage, nodes[i]!, expectedRoutes(plan))));
  await reflector.show('peers');
  await router.showSessions();
}

async function showRoutes(stage: Stage, { rack, router, nodes }: Running): Promise<void> {
  const { screen } = stage;
  screen.step(
    'Routes: each node has the blocks of the others by reflection, and the network behind the router',
  );
  await nodes[0]!.show('routes');

  screen.step(
    'The kernel: the blocks of others through their nodes; of the own block, the pods and nothing else',
  );
  await Promise.all(RACK.nodes.map((plan, i) => untilInKernel(stage, nodes[i]!, expectedRoutes(plan))));
  for (const node of rack.nodes) {
    const words = node.ipCommand('route', 'show', 'proto', '80');
    screen.command(words);
    screen.print(await outputOf(words, stage.signal));
  }
  const words = rack.router.ipCommand('route', 'show', 'proto', router.routeProtocol);
  const routes = await until(stage, `the kernel of ${ROUTER.name} has the blocks of all nodes`, async () => {
    const text = await outputOf(words, stage.signal);
    return RACK.nodes.every(({ block }) => text.includes(block)) ? text : null;
  });
  screen.command(words);
  screen.print(routes);
}

async function showReachability(stage: Stage, { pods, outside }: Rack): Promise<void> {
  const { screen } = stage;
  const addresses = RACK.nodes.map(({ pod }) => pod.address);
  screen.step('Pods reach the pods of other nodes');
  for (const [i, pod] of pods.entries()) await showPing(stage, pod, addresses[(i + 1) % addresses.length]!);
  screen.step('The host behind the router reaches the pods, and they reach it');
  for (const address of addresses) await showPing(stage, outside, address);
  for (const pod of pods) await showPing(stage, pod, OUTSIDE.host);
}

/** All are inside namespaces: the reflector's has ways to the nodes, so that one helper there forwards to all. */
async function showServices(stage: Stage, { reflector }: Rack): Promise<void> {
  stage.screen.step('Metrics and looking glass');
  const targets = [RACK.reflector, ...RACK.nodes].map((plan) => ({
    address: addressOf(plan),
    port: HTTP_PORT,
  }));
  const forwarded = await forwardPorts(stage, reflector, targets, HTTP_PORT);
  await showServed(
    stage,
    forwarded.map((address) => `http://${address}`),
  );
  stage.screen.print(
    `forwarded by this demo into the namespaces, where each daemon serves port ${HTTP_PORT}`,
  );
}
