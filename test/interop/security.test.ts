/**
 * TCP MD5 (RFC 2385) and TTL security (RFC 5082) with each daemon that has them, whichever side dials. Every daemon
 * has a network and a Manul of its own, and all of them go through a scenario at the same time.
 */
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import { BIRD } from '../harness/daemons/bird.ts';
import { EXABGP } from '../harness/daemons/exabgp.ts';
import { OPENBGPD } from '../harness/daemons/openbgpd.ts';
import { pollUntil } from '../harness/deadline.ts';
import { describeWith } from '../support/requirements.ts';
import {
  MARKER,
  marker,
  peers,
  RETURN_MS,
  range,
  SESSIONS,
  SecurePair,
  secret,
  WITH_KEY,
} from './secure-pair.ts';
import { Scenario } from './story.ts';

jest.setTimeout(240_000);

/** OpenBGPD 7.7 on Linux signs what it dials, but gives its listening sockets no keys: it cannot be dialed with one. */
const DIALED = ALL_DAEMONS.filter((kind) => kind !== OPENBGPD);
/** ExaBGP demands a TTL only of whom it accepts on a port of that neighbor's own, and only over IPv4: not dialed here. */
const DIALED_WITH_TTL_SECURITY = ALL_DAEMONS.filter((kind) => kind !== EXABGP);

const dialedWithKey = new Scenario(
  DIALED,
  (kind) => new SecurePair(kind),
  (pair, story) =>
    story
      .step('up', async () => {
        const files = { 'peers.yaml': peers(WITH_KEY), 'secret.yaml': secret('first') };
        await pair.start({ passive: true, password: 'first' }, files);
        await pair.established();
      })
      .step('new key', async () => {
        const { manul } = pair;
        manul.writeFile('secret.yaml', [secret('second'), marker()].join('---\n'));
        await manul.untilPeer(MARKER, () => true, 'the marker that came with the new key');
        for (const session of SESSIONS) {
          expect(await manul.peer(session.name)).toMatchObject({ state: 'Established', flaps: 0 });
        }
        if (pair.daemon.setPassword === undefined) {
          await pair.stopDaemon();
          await pair.startDaemon({ passive: true, password: 'second' });
        } else {
          for (const session of SESSIONS) await pair.daemon.setPassword(session.manul, 'second');
        }
        await pair.established();
      })
      .step('another key', async () => {
        await pair.stopDaemon();
        await pair.startDaemon({ passive: true, password: 'another' });
        for (const session of SESSIONS) {
          const shown = await pair.manul.untilDetail(
            session.name,
            ({ likelyCause }) => likelyCause?.includes('TCP MD5') === true,
            'a likely cause',
            RETURN_MS,
          );
          expect(shown.state).not.toBe('Established');
          expect(shown.likelyCause).toMatch(/no TCP MD5 key for us, or another one|without a signature/);
        }
      })
      .step('no Secret', async () => {
        pair.manul.removeFile('secret.yaml');
        for (const session of SESSIONS) {
          await pair.manul.untilDetail(session.name, ({ held }) => held !== null, 'held');
          expect(await pair.manul.peer(session.name)).toMatchObject({
            state: 'Idle',
            held: 'Secret manul-system/keys is missing',
          });
        }
      }),
);

const dialsWithKey = new Scenario(
  ALL_DAEMONS,
  (kind) => new SecurePair(kind),
  (pair, story) =>
    story
      .step('up', async () => {
        const files = { 'range.yaml': range(WITH_KEY), 'secret.yaml': secret('range-key') };
        await pair.start({ password: 'range-key' }, files);
        await pair.established();
      })
      .step('no key', async () => {
        await pair.stopDaemon();
        for (const session of SESSIONS) {
          const isDown = ({ state }: { readonly state: string }): boolean => state !== 'Established';
          await pair.manul.untilPeer(session.daemon, isDown, 'not Established', RETURN_MS);
        }
        await pair.startDaemon({});
        await pollUntil(
          async () => (await pair.dropped('TCPMD5NotFound')) > 0 || null,
          'the kernel drops unsigned segments',
          { deadlineMs: RETURN_MS },
        );
        await pair.expectNoSession();
      }),
);

const dialedWithTtl = new Scenario(
  DIALED_WITH_TTL_SECURITY,
  (kind) => new SecurePair(kind),
  (pair, story) =>
    story.step('up', async () => {
      await pair.start({ passive: true, ttlSecurity: true }, { 'peers.yaml': peers('ttlSecurity: 1') });
      await pair.established();
    }),
);

const dialsWithTtl = new Scenario(
  ALL_DAEMONS,
  (kind) => new SecurePair(kind),
  (pair, story) =>
    story.step('up', async () => {
      await pair.start({ ttlSecurity: true }, { 'range.yaml': range('ttlSecurity: 1') });
      await pair.established();
    }),
);

describe.each(DIALED)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul with a TCP MD5 key', () => {
    describe('Manul dials', () => {
      afterAll(() => dialedWithKey.end(kind));

      test('sessions come up over IPv4 and IPv6', () => dialedWithKey.done(kind, 'up'));

      test('a new key here leaves the sessions alone; once the daemon has it, they are up again', () =>
        dialedWithKey.done(kind, 'new key'));

      test('with another key there is no session, and manul peers says why', () =>
        dialedWithKey.done(kind, 'another key'));

      test('a Secret that vanishes holds the sessions', () => dialedWithKey.done(kind, 'no Secret'));
    });
  });
});

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul with a TCP MD5 key', () => {
    describe('the daemon dials into a range', () => {
      afterAll(() => dialsWithKey.end(kind));

      test('sessions come up over IPv4 and IPv6', () => dialsWithKey.done(kind, 'up'));

      test('without the key nobody is let in', () => dialsWithKey.done(kind, 'no key'));
    });
  });
});

describe.each(DIALED_WITH_TTL_SECURITY)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul with TTL security', () => {
    describe('Manul dials', () => {
      afterAll(() => dialedWithTtl.end(kind));

      test('sessions come up over IPv4 and IPv6', () => dialedWithTtl.done(kind, 'up'));
    });
  });
});

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul with TTL security', () => {
    describe('the daemon dials into a range', () => {
      afterAll(() => dialsWithTtl.end(kind));

      test('sessions come up over IPv4 and IPv6', () => dialsWithTtl.done(kind, 'up'));
    });
  });
});

describeWith({ root: true, commands: BIRD.commands }, 'bird without TTL security', () => {
  const pair = new SecurePair(BIRD);
  afterAll(() => pair.stop());

  test('is refused by a range that has it, and the log says which TTL is missing', async () => {
    await pair.start({}, { 'range.yaml': range('ttlSecurity: 1') });
    await pollUntil(
      async () =>
        /connection refused.*"reason":"ttl"|"reason":"ttl".*connection refused/.test(pair.manul.log()) ||
        null,
      'a refusal in the log',
      { deadlineMs: RETURN_MS },
    );
    await pair.expectNoSession();
  });
});
