/** Routes of a session that is over and is expected back, inside the RIB (RFC 4724 §4.2). */
import { asPath, localPref, nextHop, origin, uint32 } from '../../harness/bgp/attributes.ts';
import { announcement, encodeUpdate } from '../../harness/bgp/encode.ts';
import { encodePrefix } from '../../harness/bgp/prefix-text.ts';
import { DecodingOutput } from './decoding-output.ts';
import { RibFixture } from './rib-fixture.ts';
import { ribSession } from './rib-sessions.ts';

const route = (prefix: string, hop = '192.0.2.1') => announcement([prefix], { nextHop: hop });
const BOTH = ['ipv4', 'ipv6'] as const;

function setUp() {
  const fixture = new RibFixture();
  const source = fixture.up(1, { families: BOTH });
  const reader = fixture.up(2, { families: BOTH });
  fixture.receive(source, route('10.1.0.0/24'), route('10.2.0.0/24'), route('fd00:1::/64', 'fd00::1'));
  const prefixes = () => fixture.routes().map(({ prefix }) => prefix);
  return { fixture, source, reader, prefixes };
}

test('they stay what they were, here and with others, in the families that are kept', () => {
  const { fixture, source, reader, prefixes } = setUp();
  const sent = reader.output.messageLengths.length;
  fixture.rib.suspendSession(source.slot, ['ipv4']);
  fixture.settle();
  expect(prefixes()).toEqual(['10.1.0.0/24', '10.2.0.0/24']);
  expect(reader.output.messageLengths).toHaveLength(sent + 1); // fd00:1::/64 is withdrawn
});

test('what the peer sends again replaces them without a withdrawal, and the rest goes at the end', () => {
  const { fixture, source, reader, prefixes } = setUp();
  fixture.rib.suspendSession(source.slot, BOTH);
  fixture.settle();
  const output = new DecodingOutput([], 4);
  fixture.rib.resumeSession(source.slot, ribSession(1, { families: BOTH }), output, BOTH);
  fixture.settle();
  expect(prefixes()).toHaveLength(3);
  expect(output.endsOfRib).toEqual(['ipv4', 'ipv6']);
  const sent = reader.output.messageLengths.length;
  fixture.receive(source, route('10.1.0.0/24'));
  expect(reader.output.messageLengths).toHaveLength(sent); // nothing has changed
  for (const family of BOTH) fixture.rib.endRefresh(source.slot, family);
  fixture.settle();
  expect(prefixes()).toEqual(['10.1.0.0/24']);
  fixture.expectNothingLeft();
});

test('those of a family that the new session has not kept go at once', () => {
  const { fixture, source, prefixes } = setUp();
  fixture.rib.suspendSession(source.slot, BOTH);
  fixture.rib.resumeSession(source.slot, ribSession(1), new DecodingOutput([], 4), ['ipv4']);
  fixture.settle();
  expect(prefixes()).toEqual(['10.1.0.0/24', '10.2.0.0/24']);
});

test('other path identifiers than before the restart do not count twice against the limit of prefixes', () => {
  const fixture = new RibFixture();
  const limited = { addPathReceive: ['ipv4'], maxPrefixes: 2 } as const;
  const source = fixture.up(1, limited);
  const withId = (id: number, prefix: string) =>
    encodeUpdate({
      attributes: [origin(0), asPath([]), nextHop('192.0.2.1'), localPref(100)],
      nlri: Buffer.concat([uint32(id), encodePrefix(prefix)]),
    });
  fixture.receive(source, withId(1, '10.1.0.0/24'), withId(2, '10.2.0.0/24'));
  fixture.rib.suspendSession(source.slot, ['ipv4']);
  fixture.rib.resumeSession(source.slot, ribSession(1, limited), new DecodingOutput([], 4), ['ipv4']);
  const verdict = fixture.receive(source, withId(7, '10.1.0.0/24'), withId(8, '10.2.0.0/24'));
  expect(verdict.notification).toBeNull();
  fixture.rib.endRefresh(source.slot, 'ipv4');
  fixture.settle();
  expect(fixture.received(source)).toHaveLength(2);
  expect(fixture.receive(source, withId(9, '10.3.0.0/24')).notification).toMatchObject({
    code: 6,
    subcode: 1,
  });
});

test('End-of-RIB that is held back comes when it is let go, behind all routes (RFC 4724 §4.1)', () => {
  const fixture = new RibFixture();
  fixture.rib.holdEndOfRib('ipv4', true);
  const source = fixture.up(1);
  const reader = fixture.up(2);
  fixture.receive(source, route('10.1.0.0/24'));
  expect([reader.output.endsOfRib, reader.output.messageLengths.length]).toEqual([[], 1]);
  expect(fixture.rib.work(1)).toBe(true);
  fixture.rib.holdEndOfRib('ipv4', false);
  fixture.settle();
  expect(reader.output.endsOfRib).toEqual(['ipv4']);
});
