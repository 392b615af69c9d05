/** Our daemon as a writer: both roles in one process, or each in its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pollUntil } from '../../harness/deadline.ts';
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import type { NetworkNamespace } from '../../harness/process/network-namespace.ts';
import { TempFolder } from '../../harness/process/temp-folder.ts';
import type { LoopDelay } from '../driver/job.ts';
import { takeLoopDelay, withProbe } from './loop-delay.ts';
import { ASN, drive, type Play, PORT } from './play.ts';

const RESOURCES = `apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: ${ASN}, listenPort: ${PORT}, bindMode: NodeIP, nodeToNodeMeshEnabled: false}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: bench}
spec: {bgp: {ipv4Address: 127.0.0.1/32}}
---
apiVersion: manul.dev/v1alpha1
kind: DynamicNeighbor
metadata: {name: clients}
spec: {listenRanges: [127.0.0.0/8]}
`;

/** @param processes roles of each process; an agent comes first */
export function playManul(processes: readonly string[]): Play {
  return async (namespace, routes, cutMs) => {
    const folder = new TempFolder('loops');
    const daemons: { readonly daemon: ManulDaemon; readonly probeFile: string }[] = [];
    try {
      for (const roles of processes) {
        const probeFile = folder.file(`${roles}.json`);
        const socket = folder.file('agent.sock');
        daemons.push({ daemon: await start(roles, socket, probeFile, namespace), probeFile });
      }
      await pollUntil(async () => (await isJoined(daemons[0]!.daemon)) || null, 'the roles are joined');
      await sleep(500);
      const loopDelay = async (): Promise<LoopDelay> => {
        const delays: LoopDelay[] = [];
        for (const { daemon, probeFile } of daemons) delays.push(await takeLoopDelay(daemon.pid, probeFile));
        return {
          p999Ms: Math.max(...delays.map(({ p999Ms }) => p999Ms)),
          maxMs: Math.max(...delays.map(({ maxMs }) => maxMs)),
        };
      };
      const pids = daemons.map(({ daemon }) => daemon.pid);
      return await drive(namespace, { routes, cutMs }, pids, loopDelay);
    } finally {
      for (const { daemon } of daemons.reverse()) await daemon.stop();
      folder.remove();
    }
  };
}

function start(
  roles: string,
  socket: string,
  probeFile: string,
  namespace: NetworkNamespace,
): Promise<ManulDaemon> {
  return ManulDaemon.start({
    node: 'bench',
    files: { 'bench.yaml': RESOURCES },
    roles,
    namespace,
    wrapper: withProbe(probeFile),
    arguments: ['--agent-socket', socket],
  });
}

/** The agent has a speaker, in its own process or in another. */
async function isJoined(daemon: ManulDaemon): Promise<boolean> {
  const { link } = await daemon.read<{ readonly link: { readonly connected: boolean } | null }>('status');
  return link?.connected === true;
}
