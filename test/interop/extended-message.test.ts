/** Messages of more than 4,096 octets in both directions (RFC 8654). */
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import type { Daemon } from '../harness/daemons/daemon.ts';
import { pollUntil } from '../harness/deadline.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { describeWith } from '../support/requirements.ts';
import { DAEMON, PAIR_START_MS, PAIR_TEST_MS, Pair } from './pair.ts';
import { MANUL } from './topology.ts';

const NAME = `clients/${DAEMON.address}`;
/** They offer the capability. */
const KINDS = ALL_DAEMONS.filter(({ name }) => ['bird', 'frr', 'exabgp'].includes(name));
const COUNT = 2000;
const prefixes = (second: number): string[] =>
  Array.from({ length: COUNT }, (_, i) => `10.${second}.${i >> 3}.${(i & 7) * 32}/27`);
const MAX_PLAIN_OCTETS = 4096;

/** How many routes it has, in the words of BIRD and of FRR; ExaBGP counts none. */
async function learnt(daemon: Daemon): Promise<number> {
  if (daemon.name === 'exabgp') return (await daemon.routes('ipv4')).length;
  const shown = await daemon.describe(MANUL.address);
  return Number(/\b(\d+) (?:imported|accepted prefixes)/.exec(shown)?.[1] ?? 0);
}

describe.each(KINDS)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul exchange long messages', () => {
    let pair: Pair;

    beforeAll(async () => {
      const range = { name: 'clients', listenRanges: ['10.66.0.0/24'], routeReflectorClient: true };
      pair = await Pair.start(kind, {
        resource: dynamicNeighborYaml(range),
        sessions: [{ families: ['ipv4'] }],
        networks: prefixes(61),
        blocks: prefixes(60),
      });
      await pair.established();
    }, PAIR_START_MS);

    afterAll(() => pair?.stop(), PAIR_START_MS);

    test(
      'all routes of Manul arrive, in UPDATEs that are longer than a plain one may be',
      async () => {
        await pollUntil(
          async () => (await learnt(pair.daemon)) === COUNT || null,
          `${kind.name} has ${COUNT} routes`,
          { deadlineMs: 60_000 },
        );
        const { bytes, messages } = await pair.manul.peer(NAME);
        expect(bytes.sent / messages.sent.update).toBeGreaterThan(MAX_PLAIN_OCTETS);
      },
      PAIR_TEST_MS,
    );

    test(
      'all routes of the daemon arrive',
      async () => {
        const peer = await pair.manul.untilPeer(
          DAEMON.address,
          ({ received }) => received.ipv4 === COUNT,
          `with ${COUNT} routes`,
          60_000,
        );
        expect(peer.accepted.ipv4).toBe(COUNT);
        const { received } = (await pair.manul.peer(NAME)).capabilities;
        expect(received.map(({ code }) => code)).toContain(6);
      },
      PAIR_TEST_MS,
    );
  });
});
