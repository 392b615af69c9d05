/** Shutdown communications both ways (RFC 9003), and the subcodes of RFC 4486 that go with them. */
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import { pollUntil } from '../harness/deadline.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { describeWith } from '../support/requirements.ts';
import { DAEMON, PAIR_START_MS, PAIR_TEST_MS, Pair } from './pair.ts';
import { MANUL } from './topology.ts';

const NAME = `clients/${DAEMON.address}`;
const TEXT = 'moving-to-rack-7';

/** ExaBGP 4.2 has no word for such a text, and fails in its own code where it receives one. */
const KINDS = ALL_DAEMONS.filter(({ sendsShutdownText }) => sendsShutdownText);

describe.each(KINDS)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul say why they shut down', () => {
    let pair: Pair;

    beforeAll(async () => {
      const range = { name: 'clients', listenRanges: ['10.66.0.0/24'], routeReflectorClient: true };
      pair = await Pair.start(kind, { resource: dynamicNeighborYaml(range) });
      await pair.established();
    }, PAIR_START_MS);

    afterAll(() => pair?.stop(), PAIR_START_MS);

    test(
      'Manul disables the session: the daemon shows the text, is refused, and comes back once enabled',
      async () => {
        expect((await pair.manul.run('peer', 'disable', NAME, '--message', TEXT)).status).toBe(0);
        await pollUntil(async () => {
          const shown = (await pair.daemon.describe(MANUL.address)) + pair.daemon.log();
          return shown.includes(TEXT) || null;
        }, `${kind.name} shows the text`);
        expect(await pair.manul.peer(NAME)).toMatchObject({
          state: 'Idle',
          lastSent: { code: 6, subcode: 2, text: TEXT },
        });
        expect(await pair.daemon.isEstablished(MANUL.address)).toBe(false);
        expect((await pair.manul.run('peer', 'enable', NAME)).status).toBe(0);
        await pair.established();
        await pair.exchanged();
      },
      PAIR_TEST_MS,
    );

    test(
      'the daemon shuts the session down: Manul shows the text',
      async () => {
        await pair.established();
        await pair.daemon.shutDown(MANUL.address, TEXT);
        const { lastReceived } = await pollUntil(async () => {
          const peer = await pair.manul.peer(NAME);
          return peer.lastReceived === null ? null : peer;
        }, 'a NOTIFICATION shown');
        expect(lastReceived).toMatchObject({ code: 6, subcode: 2, text: TEXT });
      },
      PAIR_TEST_MS,
    );
  });
});
