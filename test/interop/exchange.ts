/** What must hold between Manul and any daemon, whoever dialed: routes both ways, withdrawals, resets. */
import type { Family } from '../harness/bgp/prefix-text.ts';
import type { Daemon, DaemonRoute } from '../harness/daemons/daemon.ts';
import { pollUntil } from '../harness/deadline.ts';
import type { ManulDaemon, ShownRoute } from '../harness/manul/manul-daemon.ts';
import { blocksYaml } from '../harness/manul/resources.ts';
import { IPV6_POOL, MANUL, type Place, POOL } from './topology.ts';

/** GoBGP waits 5 s, and others their retry timers, before a session comes back. */
const RETURN_DEADLINE_MS = 60_000;
const TEST_MS = 120_000;

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

/** Declares the tests; `exchange` is called when they run. */
export function exchangeTests(exchange: () => Exchange): void {
  const familyOf = (prefix: string): Family => (prefix.includes(':') ? 'ipv6' : 'ipv4');

  const onManul = (prefix: string): Promise<ShownRoute> =>
    pollUntil(
      async () => (await exchange().manul.routes(prefix)).find((route) => route.best),
      `manul has ${prefix}`,
      {
        deadlineMs: RETURN_DEADLINE_MS,
      },
    );
  const notOnManul = (prefix: string): Promise<true> =>
    pollUntil(
      async () => (await exchange().manul.routes(prefix)).length === 0 || null,
      `manul dropped ${prefix}`,
    );
  const onDaemon = (prefix: string): Promise<DaemonRoute> =>
    pollUntil(
      async () => (await exchange().daemon.routes(familyOf(prefix))).find((route) => route.prefix === prefix),
      `${exchange().daemon.name} has ${prefix}`,
      { deadlineMs: RETURN_DEADLINE_MS },
    );
  const notOnDaemon = (prefix: string): Promise<true> =>
    pollUntil(
      async () =>
        (await exchange().daemon.routes(familyOf(prefix))).every((route) => route.prefix !== prefix) || null,
      `${exchange().daemon.name} dropped ${prefix}`,
    );
  const everythingIsThere = async (): Promise<void> => {
    for (const prefix of DAEMON_NETWORKS) await onManul(prefix);
    for (const prefix of MANUL_BLOCKS) await onDaemon(prefix);
  };
  const allEstablished = async (): Promise<void> => {
    for (const session of exchange().sessions) {
      await exchange().manul.untilPeer(
        session.daemon,
        (peer) => peer.state === 'Established',
        'Established',
        RETURN_DEADLINE_MS,
      );
      await pollUntil(
        async () => (await exchange().daemon.isEstablished(session.manul)) || null,
        `${exchange().daemon.name} shows ${session.manul} Established`,
      );
    }
  };

  test('the session comes up, as both command lines show', allEstablished, TEST_MS);

  test(
    "routes of both families go both ways, with their origin's address as next hop",
    async () => {
      const { address, ipv6Address } = exchange().daemonPlace;
      expect((await onManul(DAEMON_NETWORKS[0]!)).nextHop).toBe(address);
      expect((await onManul(DAEMON_NETWORKS[1]!)).nextHop).toBe(ipv6Address);
      expect((await onDaemon(MANUL_BLOCKS[0]!)).nextHop).toBe(MANUL.address);
      expect((await onDaemon(MANUL_BLOCKS[1]!)).nextHop).toBe(MANUL.ipv6Address);
    },
    TEST_MS,
  );

  test(
    'later announcements and withdrawals arrive on both sides',
    async () => {
      const { manul, daemon } = exchange();
      await daemon.setNetworks(['10.61.2.0/24', 'fd61:2::/64']);
      await Promise.all([onManul('10.61.2.0/24'), onManul('fd61:2::/64')]);
      await Promise.all(DAEMON_NETWORKS.map(notOnManul));
      await daemon.setNetworks(DAEMON_NETWORKS);
      manul.writeFile('blocks.yaml', blocksFile([ADDED_BLOCK, ADDED_IPV6_BLOCK]));
      await onDaemon(ADDED_BLOCK);
      await onDaemon(ADDED_IPV6_BLOCK);
      for (const block of MANUL_BLOCKS) await notOnDaemon(block);
      manul.writeFile('blocks.yaml', blocksFile(MANUL_BLOCKS));
      await everythingIsThere();
    },
    TEST_MS,
  );

  test(
    "the daemon's reset arrives as a NOTIFICATION and everything returns",
    async () => {
      const { manul, daemon, sessions } = exchange();
      for (const session of sessions) {
        const before = await manul.untilPeer(
          session.daemon,
          (peer) => peer.state === 'Established',
          'Established',
        );
        await daemon.resetSession(session.manul);
        const received = await pollUntil(
          async () => (await manul.peer(before.name)).lastReceived,
          'NOTIFICATION shown',
        );
        expect(received.code).toBe(6);
      }
      await allEstablished();
      await everythingIsThere();
    },
    TEST_MS,
  );

  test(
    "Manul's reset reaches the daemon and everything returns",
    async () => {
      const { manul, sessions } = exchange();
      for (const session of sessions) {
        const before = await manul.untilPeer(
          session.daemon,
          (peer) => peer.state === 'Established',
          'Established',
        );
        expect((await manul.run('peer', 'reset', before.name, '--message', 'interop')).status).toBe(0);
        expect((await manul.peer(before.name)).lastSent).toMatchObject({ code: 6, subcode: 4 });
        await manul.untilPeer(
          session.daemon,
          (peer) => peer.state === 'Established' && peer.flaps > before.flaps,
          'Established again',
          RETURN_DEADLINE_MS,
        );
      }
      await allEstablished();
      await everythingIsThere();
    },
    TEST_MS,
  );
}
