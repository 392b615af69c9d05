/** Makes what is served inside a namespace reachable at 127.0.0.1, so that a browser of this machine can open it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { DaemonProcess } from './daemon-process.ts';
import { freePort } from './loopback-network.ts';
import type { Namespace } from './namespace.ts';
import type { ForwardTarget } from './port-forward-helper.ts';
import type { Stage } from './stage.ts';

const HELPER = fileURLToPath(new URL('./port-forward-helper.ts', import.meta.url));
const ADDRESS = '127.0.0.1';

/**
 * A socket belongs to the namespace that it was made in, whoever uses it: this process listens outside and hands
 * the listeners to a helper inside, which accepts and connects to the targets.
 * @param firstPort where the first is tried to be reachable, the others after it
 * @returns `127.0.0.1:PORT` for each target
 */
export async function forwardPorts(
  stage: Stage,
  inside: Namespace,
  targets: readonly ForwardTarget[],
  firstPort: number,
): Promise<readonly string[]> {
  const words = inside.command(process.execPath, HELPER);
  const helper = await DaemonProcess.start(stage, 'port forward', words, { hasChannel: true });
  const addresses: string[] = [];
  for (const [i, target] of targets.entries()) {
    const port = await freePort([ADDRESS], firstPort + i);
    const listener = await listen(port);
    await helper.hand(target, listener);
    listener.close();
    addresses.push(`${ADDRESS}:${port}`);
  }
  return addresses;
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, ADDRESS);
  await once(server, 'listening');
  return server;
}
