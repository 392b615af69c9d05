/** Route refresh both ways (RFC 2918), between markers with those that know them (RFC 7313): no session ends. */
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import { pollUntil } from '../harness/deadline.ts';
import type { ShownPeerDetail } from '../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { describeWith } from '../support/requirements.ts';
import { DAEMON, PAIR_START_MS, PAIR_TEST_MS, Pair } from './pair.ts';
import { MANUL } from './topology.ts';

const NAME = `clients/${DAEMON.address}`;
/** They offer enhanced route refresh (RFC 7313). */
const ENHANCED = ['bird', 'frr', 'openbgpd', 'exabgp'];
/**
 * OpenBGPD 7.7 refuses every request (its log: `route refresh: AID IPv4 unicast not negotiated`); ExaBGP 4.2 fails in its
 * own code and loses the session (`'RouteRefresh' object is not iterable`).
 */
const ANSWERING = ['bird', 'frr', 'gobgp'];

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul refresh', () => {
    const isEnhanced = ENHANCED.includes(kind.name);
    let pair: Pair;

    beforeAll(async () => {
      const range = { name: 'clients', listenRanges: ['10.66.0.0/24'], routeReflectorClient: true };
      pair = await Pair.start(kind, {
        resource: dynamicNeighborYaml(range),
        sessions: [{ routeRefresh: true }],
      });
      await pair.established();
      await pair.exchanged();
    }, PAIR_START_MS);

    afterAll(() => pair?.stop(), PAIR_START_MS);

    const until = (check: (peer: ShownPeerDetail) => boolean, what: string): Promise<ShownPeerDetail> =>
      pollUntil(async () => {
        const peer = await pair.manul.peer(NAME);
        return check(peer) ? peer : null;
      }, what);

    const untouched = async (): Promise<void> => {
      expect(await pair.manul.peer(NAME)).toMatchObject({ state: 'Established', flaps: 0 });
      await pair.exchanged();
    };

    if (ANSWERING.includes(kind.name)) {
      test(
        'soft in: the daemon sends its routes again, and none is lost',
        async () => {
          const before = await pair.manul.peer(NAME);
          expect((await pair.manul.run('peer', 'reset', NAME, '--soft', 'in')).status).toBe(0);
          const markers = isEnhanced ? 4 : 0;
          const after = await until(
            ({ messages }) =>
              messages.received.update > before.messages.received.update &&
              messages.received.routeRefresh >= before.messages.received.routeRefresh + markers,
            'the daemon answers',
          );
          expect(after.messages.sent.routeRefresh).toBe(before.messages.sent.routeRefresh + 2);
          await untouched();
        },
        PAIR_TEST_MS,
      );
    }

    test(
      'soft out: Manul sends its routes again, between markers where both know them',
      async () => {
        const before = await pair.manul.peer(NAME);
        expect((await pair.manul.run('peer', 'reset', NAME, '--soft', 'out')).status).toBe(0);
        const markers = isEnhanced ? 4 : 0;
        const after = await until(
          ({ messages }) =>
            messages.sent.update >= before.messages.sent.update + 2 &&
            messages.sent.routeRefresh >= before.messages.sent.routeRefresh + markers,
          'routes of both families are sent again',
        );
        expect(after.messages.sent.routeRefresh - before.messages.sent.routeRefresh).toBe(markers);
        await untouched();
      },
      PAIR_TEST_MS,
    );

    // It keeps what it received, and never asks.
    if (kind.name === 'gobgp') return;
    test(
      'the daemon asks, and Manul answers',
      async () => {
        const before = await pair.manul.peer(NAME);
        await pair.daemon.requestRefresh(MANUL.address);
        await until(
          ({ messages }) =>
            messages.received.routeRefresh > before.messages.received.routeRefresh &&
            messages.sent.update > before.messages.sent.update,
          'Manul answers',
        );
        await untouched();
      },
      PAIR_TEST_MS,
    );
  });
});
