/** Waiting for sessions and routes of the cluster, the same in both modes. */
import type { ManulDaemon } from './manul-daemon.ts';
import { type Stage, until } from './stage.ts';

/** Resolves when the daemon has `count` sessions and all of them are Established. */
export async function untilEstablished(stage: Stage, daemon: ManulDaemon, count: number): Promise<void> {
  await until(stage, `${daemon.node} has ${count} established sessions`, async () => {
    const peers = await daemon.peers();
    return peers.length === count && peers.every(({ state }) => state === 'Established') ? true : null;
  });
}

/** Resolves when the daemon has best routes to all of the prefixes. */
export async function untilRoutes(
  stage: Stage,
  daemon: ManulDaemon,
  prefixes: readonly string[],
): Promise<void> {
  await until(stage, `${daemon.node} has routes to ${prefixes.join(', ')}`, async () => {
    const routes = await daemon.routes();
    return prefixes.every((prefix) => routes.some((route) => route.prefix === prefix)) ? true : null;
  });
}

/** Resolves when the kernel has the routes that the daemon's agent wants, among them those to the prefixes. */
export async function untilInKernel(
  stage: Stage,
  daemon: ManulDaemon,
  prefixes: readonly string[],
): Promise<void> {
  await until(stage, `the kernel of ${daemon.node} has routes to ${prefixes.join(', ')}`, async () => {
    const routes = await daemon.kernelRoutes();
    const done = routes.filter(({ inSync }) => inSync).map(({ prefix }) => prefix);
    return done.length === routes.length && prefixes.every((prefix) => done.includes(prefix)) ? true : null;
  });
}
