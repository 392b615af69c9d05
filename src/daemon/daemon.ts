/**
 * The running daemon: wires datastore, roles, role link, HTTP and control socket together. The parts come from
 * outside, so that tests run the same composition on doubles.
 */
import { actionRoutes } from '../control/actions.ts';
import { drainRoutes } from '../control/drain-routes.ts';
import { planBaseRoute } from '../control/plan-base-route.ts';
import { readRoutes } from '../http/api.ts';
import { healthRoutes } from '../http/health.ts';
import { lookingGlassRoutes } from '../http/looking-glass.ts';
import { createRouter } from '../http/router.ts';
import { serveTcp, serveUnix } from '../http/server.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { hostInterfaces, sourceTowards } from '../node-address/host-network.ts';
import { NodeAddressWatch } from '../node-address/node-address-watch.ts';
import { serveRoleLink } from '../role-link/agent-end.ts';
import { linkInProcess } from '../role-link/in-process-link.ts';
import type { LinkSpeaker, RoleLink } from '../role-link/role-link.ts';
import { connectRoleLink } from '../role-link/speaker-end.ts';
import { serveCni } from './cni-socket.ts';
import { ConfigFeed } from './config-feed.ts';
import type { DaemonParts } from './daemon-parts.ts';
import { DaemonState } from './daemon-state.ts';
import { ErrorRecord } from './error-record.ts';
import type { RunOptions } from './run-options.ts';

export interface Daemon {
  /** Where HTTP is served, `ADDRESS:PORT`, or null. */
  readonly http: string | null;
  /** Reads the resources again (SIGHUP). */
  reload(): Promise<void>;
  /** Ends sessions with Cease 6/2 and leaves the routes; resolves when nothing is left running. */
  close(): Promise<void>;
}

/**
 * Starts everything. When one part cannot start, all are stopped again.
 * @throws CommandError naming what could not start, and where
 */
export async function startDaemon(options: RunOptions, parts: DaemonParts): Promise<Daemon> {
  const stops: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    return await startParts(options, parts, stops, close);
  } catch (error) {
    await close();
    // A part has begun before it is reached here, and may be closed twice.
    await Promise.all([parts.speaker?.close(), parts.agent?.close()]);
    throw error;
  }
}

async function startParts(
  options: RunOptions,
  parts: DaemonParts,
  stops: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<Daemon> {
  const { speaker, agent, datastore, logger } = parts;
  const errors = new ErrorRecord();
  const addresses = new NodeAddressWatch({
    node: options.node,
    options: options.addressing,
    network: { interfaces: hostInterfaces, sourceTowards },
    logger,
    onError: (object, text) => {
      errors.add(object, text);
      logger.warn(text, { object });
    },
  });
  stops.push(async () => addresses.close());
  const feed = new ConfigFeed({
    addresses,
    speaker,
    agent,
    render: parts.render,
    options,
    maxSessions: options.maxSessions,
    errors,
    logger,
  });
  const state = new DaemonState(options, parts, { feed, addresses, errors });
  const metrics = createMetrics(state, options.metricsPerPeer);
  stops.push(async () => metrics.close());
  const health = healthRoutes(state, metrics);
  const readers = [...health, ...lookingGlassRoutes(state), ...readRoutes(state)];

  // The control socket first: a second daemon of the same node must stop before it touches anything.
  const control = await serveUnix(
    options.controlPath,
    createRouter(
      [...readers, ...actionRoutes(state), ...drainRoutes(state), planBaseRoute(options, () => feed.config)],
      logger,
    ),
  );
  stops.push(() => control.close());
  const http =
    options.http === null ? null : await serveTcp('http', options.http, createRouter(readers, logger));
  if (http !== null) stops.push(() => http.close());
  if (options.metrics !== null) {
    const server = await serveTcp('metrics', options.metrics, createRouter(health, logger));
    stops.push(() => server.close());
  }
  state.http = http?.address ?? null;
  stops.push(async () => state.drain?.close());
  if (speaker !== null) stops.push(() => speaker.close());
  if (agent !== null) stops.push(() => agent.close());
  state.link = await startLink(options, parts, feed, stops);
  if (parts.cni !== null && options.cni !== null)
    stops.push(await serveCni(parts.cni, options.cni.socketPath));
  stops.push(() => datastore.close());
  const { reports } = parts;
  if (reports !== null) stops.push(() => reports.close());
  await addresses.start(() => feed.onNodeAddresses());
  await datastore.start((snapshot) => {
    feed.onSnapshot(snapshot);
    reports?.onSnapshot(snapshot);
  });
  return { http: state.http, reload: () => datastore.reload(), close };
}

async function startLink(
  options: RunOptions,
  { speaker, agent, hasRestarted, logger }: DaemonParts,
  feed: ConfigFeed,
  stops: (() => Promise<void>)[],
): Promise<RoleLink | null> {
  const end: LinkSpeaker | null = speaker && {
    subscribeBestRoutes: (...subscription) => speaker.subscribeBestRoutes(...subscription),
    onOriginated: (prefixes) => feed.onAnnounced(prefixes),
    onNextHops: (routes) => speaker.setNextHops(routes),
  };
  const { node, agentSocketPath: path } = options;
  let link: RoleLink | null = null;
  if (end !== null && agent !== null) link = linkInProcess(end, agent, hasRestarted);
  else if (agent !== null) link = await serveRoleLink({ agent, node, path, logger });
  else if (end !== null) link = connectRoleLink({ speaker: end, node, path, logger });
  const started = link;
  if (started !== null) stops.push(() => started.close());
  return link;
}
