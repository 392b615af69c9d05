/** What must hold between Manul and any daemon, whoever dialed: routes both ways, withdrawals, resets. */
import type { Family } from '../harness/bgp/prefix-text.ts';
import type { Daemon, DaemonRoute } from '../harness/daemons/daemon.ts';
import { pollUntil } from '../harness/deadline.ts';
import type { ManulDaemon, ShownPeer, ShownRoute } from '../harness/manul/manul-daemon.ts';
import { blocksYaml } from '../harness/manul/resources.ts';
import { IPV6_POOL, MANUL, type Place, POOL } from './topology.ts';

/** GoBGP waits 5 s, and others their retry timers, before a session comes back. */
const RETURN_DEADLINE_MS = 60_000;

export interface Exchange {
  readonly manul: ManulDaemon;
  readonly daemon: Daemon;
  readonly daemonPlace: Place;
  /** Addresses of the daemon, and of Manul, between which there are sessions. */
  readonly sessions: readonly { readonly daemon: string; readonly manul: string }[];
}

export const MANUL_BLOCKS = ['10.60.1.0/26', 'fd60::100/122'];
const ADDED_BLOCK = '10.60.2.0/26';
const ADDED_IPV6_BLOCK = 'fd60::200/122';
export const DAEMON_NETWORKS = ['10.61.1.0/24', 'fd61:1::/64'];

/** The resource file `blocks.yaml` of Manul. */
export function blocksFile(blocks: readonly string[], node = 'm1'): string {
  const pools = [POOL, IPV6_POOL].map((pool) => {
    const inside = blocks.filter((block) => block.includes(':') === pool.includes(':'));
    return blocksYaml(node, pool, inside);
  });
  return pools.join('---\n');
}

/** One thing that must hold; the name is that of its test. */
interface ExchangeStep {
  readonly name: string;
  readonly run: (exchange: Exchange) => Promise<void>;
}

const familyOf = (prefix: string): Family => (prefix.includes(':') ? 'ipv6' : 'ipv4');
const PATIENCE = { deadlineMs: RETURN_DEADLINE_MS };

const onManul = ({ manul }: Exchange, prefix: string): Promise<ShownRoute> =>
  manul.untilRoute(prefix, RETURN_DEADLINE_MS);

const notOnManul = ({ manul }: Exchange, prefix: string): Promise<true> =>
  pollUntil(async () => (await manul.routes(prefix)).length === 0 || null, `manul dropped ${prefix}`);

const onDaemon = ({ daemon }: Exchange, prefix: string): Promise<DaemonRoute> =>
  pollUntil(
    async () => (await daemon.routes(familyOf(prefix))).find((route) => route.prefix === prefix),
    `${daemon.name} has ${prefix}`,
    PATIENCE,
  );

const notOnDaemon = ({ daemon }: Exchange, prefix: string): Promise<true> =>
  pollUntil(
    async () => (await daemon.routes(familyOf(prefix))).every((route) => route.prefix !== prefix) || null,
    `${daemon.name} dropped ${prefix}`,
  );

async function everythingIsThere(exchange: Exchange): Promise<void> {
  for (const prefix of DAEMON_NETWORKS) await onManul(exchange, prefix);
  for (const prefix of MANUL_BLOCKS) await onDaemon(exchange, prefix);
}

function sessionUp({ manul }: Exchange, address: string): Promise<ShownPeer> {
  return manul.untilPeer(address, ({ state }) => state === 'Established', 'Established', RETURN_DEADLINE_MS);
}

async function allEstablished(exchange: Exchange): Promise<void> {
  const { daemon, sessions } = exchange;
  for (const session of sessions) {
    await sessionUp(exchange, session.daemon);
    await pollUntil(
      async () => (await daemon.isEstablished(session.manul)) || null,
      `${daemon.name} shows ${session.manul} Established`,
      PATIENCE,
    );
  }
}

async function routesGoBothWays(exchange: Exchange): Promise<void> {
  const { address, ipv6Address } = exchange.daemonPlace;
  expect((await onManul(exchange, DAEMON_NETWORKS[0]!)).nextHop).toBe(address);
  expect((await onManul(exchange, DAEMON_NETWORKS[1]!)).nextHop).toBe(ipv6Address);
  expect((await onDaemon(exchange, MANUL_BLOCKS[0]!)).nextHop).toBe(MANUL.address);
  expect((await onDaemon(exchange, MANUL_BLOCKS[1]!)).nextHop).toBe(MANUL.ipv6Address);
}

async function changesArrive(exchange: Exchange): Promise<void> {
  const { manul, daemon } = exchange;
  await daemon.setNetworks(['10.61.2.0/24', 'fd61:2::/64']);
  await Promise.all([onManul(exchange, '10.61.2.0/24'), onManul(exchange, 'fd61:2::/64')]);
  await Promise.all(DAEMON_NETWORKS.map((prefix) => notOnManul(exchange, prefix)));
  await daemon.setNetworks(DAEMON_NETWORKS);
  manul.writeFile('blocks.yaml', blocksFile([ADDED_BLOCK, ADDED_IPV6_BLOCK]));
  await onDaemon(exchange, ADDED_BLOCK);
  await onDaemon(exchange, ADDED_IPV6_BLOCK);
  for (const block of MANUL_BLOCKS) await notOnDaemon(exchange, block);
  manul.writeFile('blocks.yaml', blocksFile(MANUL_BLOCKS));
  await everythingIsThere(exchange);
}

async function daemonResets(exchange: Exchange): Promise<void> {
  const { manul, daemon, sessions } = exchange;
  for (const session of sessions) {
    const before = await sessionUp(exchange, session.daemon);
    await daemon.resetSession(session.manul);
    const { lastReceived } = await manul.untilDetail(
      before.name,
      (peer) => peer.lastReceived !== null,
      'a NOTIFICATION',
    );
    expect(lastReceived!.code).toBe(6);
  }
  await allEstablished(exchange);
  await everythingIsThere(exchange);
}

async function manulResets(exchange: Exchange): Promise<void> {
  const { manul, sessions } = exchange;
  for (const session of sessions) {
    const before = await sessionUp(exchange, session.daemon);
    expect((await manul.run('peer', 'reset', before.name, '--message', 'interop')).status).toBe(0);
    expect((await manul.peer(before.name)).lastSent).toMatchObject({ code: 6, subcode: 4 });
    await manul.untilPeer(
      session.daemon,
      (peer) => peer.state === 'Established' && peer.flaps > before.flaps,
      'Established again',
      RETURN_DEADLINE_MS,
    );
  }
  await allEstablished(exchange);
  await everythingIsThere(exchange);
}

export const EXCHANGE_STEPS: readonly ExchangeStep[] = [
  { name: 'the session comes up, as both command lines show', run: allEstablished },
  {
    name: "routes of both families go both ways, with their origin's address as next hop",
    run: routesGoBothWays,
  },
  { name: 'later announcements and withdrawals arrive on both sides', run: changesArrive },
  { name: "the daemon's reset arrives as a NOTIFICATION and everything returns", run: daemonResets },
  { name: "Manul's reset reaches the daemon and everything returns", run: manulResets },
];
