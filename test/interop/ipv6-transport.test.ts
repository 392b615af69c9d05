/**
 * Both families on one session over IPv6. With RFC 8950 the IPv4 routes have an IPv6 next hop in both directions,
 * without it an IPv4 one.
 */
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { describeWith } from '../support/requirements.ts';
import { DAEMON_NETWORKS, MANUL_BLOCKS } from './exchange.ts';
import { DAEMON, PAIR_START_MS, PAIR_TEST_MS, Pair } from './pair.ts';
import { MANUL } from './topology.ts';

const RANGE = dynamicNeighborYaml({
  name: 'clients',
  listenRanges: ['fd66::/64'],
  routeReflectorClient: true,
});
const NAME = `clients/${DAEMON.ipv6Address}`;
const ENCODED = 'ipv4 via ipv6';

/** Who can be told to offer RFC 8950, or offers it always. */
const EXTENDED = ['bird', 'frr', 'gobgp', 'exabgp'];
const CASES = ALL_DAEMONS.flatMap((kind) => [
  ...(EXTENDED.includes(kind.name) ? [{ kind, name: kind.name, extendedNextHop: true }] : []),
  ...(kind.name === 'gobgp' ? [] : [{ kind, name: kind.name, extendedNextHop: false }]),
]);

describe.each(CASES)('$name, extended next hops: $extendedNextHop', ({ kind, extendedNextHop }) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul over IPv6', () => {
    let pair: Pair;

    beforeAll(async () => {
      const session = { address: MANUL.ipv6Address, extendedNextHop };
      pair = await Pair.start(kind, { resource: RANGE, sessions: [session] });
      await pair.established(DAEMON.ipv6Address);
    }, PAIR_START_MS);

    afterAll(() => pair?.stop(), PAIR_START_MS);

    test(
      'both offer what is expected',
      async () => {
        const { sent, received } = (await pair.manul.peer(NAME)).capabilities;
        const offered = (list: typeof sent) => list.find(({ code }) => code === 5)?.value ?? '';
        expect(offered(sent)).toBe(ENCODED);
        expect(offered(received).includes(ENCODED)).toBe(extendedNextHop);
      },
      PAIR_TEST_MS,
    );

    test(
      'IPv6 routes go both ways',
      async () => {
        expect((await pair.onDaemon(MANUL_BLOCKS[1]!)).nextHop).toBe(MANUL.ipv6Address);
        expect((await pair.onManul(DAEMON_NETWORKS[1]!)).nextHop).toBe(DAEMON.ipv6Address);
      },
      PAIR_TEST_MS,
    );

    test(
      'IPv4 routes of Manul arrive with the next hop of the right family',
      async () => {
        const { nextHop } = await pair.onDaemon(MANUL_BLOCKS[0]!);
        expect(nextHop).toBe(extendedNextHop ? MANUL.ipv6Address : MANUL.address);
      },
      PAIR_TEST_MS,
    );

    // Without RFC 8950 each daemon writes an IPv4 address of its own choice, which says nothing about us.
    if (!extendedNextHop) return;
    test(
      'IPv4 routes of the daemon arrive with its IPv6 next hop',
      async () => {
        const { nextHop } = await pair.onManul(DAEMON_NETWORKS[0]!);
        // GoBGP leaves the IPv4 next hop that its route was given, inside MP_REACH_NLRI.
        expect(nextHop).toBe(kind.name === 'gobgp' ? DAEMON.address : DAEMON.ipv6Address);
      },
      PAIR_TEST_MS,
    );
  });
});
