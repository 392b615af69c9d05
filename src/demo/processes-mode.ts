/** Without root: a reflector and three nodes, each a process on a loopback address of its own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterPlan, clusterResources } from './cluster-resources.ts';
import { freePort, randomLoopbackNetwork } from './loopback-network.ts';
import { ManulDaemon } from './manul-daemon.ts';
import { showServed } from './served.ts';
import { untilEstablished, untilRoutes } from './sessions.ts';
import type { Stage } from './stage.ts';

const BGP_PORT = 1790;
const HTTP_PORT = 9179;
const NODE_NUMBERS = [1, 2, 3];

/** Shows everything. @returns what to try while it stays up, a line each */
export async function showProcesses(stage: Stage): Promise<readonly string[]> {
  const { screen } = stage;
  const network = randomLoopbackNetwork();
  const hosts = [10, ...NODE_NUMBERS].map((host) => `${network}.${host}`);
  const plan = planCluster(network, await freePort(hosts, BGP_PORT));
  const httpPort = await freePort(hosts, HTTP_PORT);
  const config = join(stage.folder, 'cluster.yaml');
  writeFileSync(config, clusterResources(plan));

  screen.step(`A route reflector, three nodes, AS ${plan.asn}: four processes on loopback addresses`);
  screen.print(`resources: ${config}`);
  const start = (node: string, address: string): Promise<ManulDaemon> =>
    ManulDaemon.start(stage, { node, roles: 'speaker', config, http: `${address}:${httpPort}` });
  const reflector = await start(plan.reflector.name, hosts[0]!);
  const nodes = await Promise.all(plan.nodes.map(({ name }, i) => start(name, hosts[i + 1]!)));
  reflector.showStart();
  screen.print('the nodes likewise:');
  screen.print(`rr-1    ${hosts[0]} port ${plan.listenPort}, accepts clients from ${plan.clientRange}`);
  plan.nodes.forEach(({ name, block }, i) => {
    screen.print(`${name}  ${hosts[i + 1]}, announces its block ${block}`);
  });

  screen.step('Sessions of the reflector: the nodes, accepted as dynamic neighbors');
  await untilEstablished(stage, reflector, nodes.length);
  await Promise.all(nodes.map((node) => untilEstablished(stage, node, 1)));
  const blocks = plan.nodes.map(({ block }) => block);
  await Promise.all([reflector, ...nodes].map((daemon) => untilRoutes(stage, daemon, blocks)));
  await reflector.show('peers');

  screen.step('Routes: every node has the blocks of the others, reflected with their next hops unchanged');
  for (const node of nodes) await node.show('routes');

  screen.step('Metrics and looking glass');
  const urls = [reflector, ...nodes].map(({ http }) => `http://${http}`);
  await showServed(stage, urls);
  return [
    `npx manul watch --control ${reflector.control}`,
    `npx manul peers reflector --control ${nodes[0]!.control}`,
    `edit ${config}: changes are applied within two seconds`,
  ];
}

function planCluster(network: string, listenPort: number): ClusterPlan {
  return {
    asn: 64_512,
    listenPort,
    reflector: { name: 'rr-1', address: `${network}.10/32` },
    clientRange: `${network}.0/24`,
    nodes: NODE_NUMBERS.map((n) => ({
      name: `node-${n}`,
      address: `${network}.${n}/32`,
      block: `10.244.${n}.0/26`,
      pod: null,
    })),
    router: null,
  };
}
