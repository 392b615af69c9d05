/** Several paths of one prefix from one session (RFC 7911). */
import { MAX_PATHS_OF_PREFIX } from '../../../bgp/rib/family-rib.ts';
import { asPath, localPref, nextHop, origin, uint32 } from '../../harness/bgp/attributes.ts';
import { encodeUpdate } from '../../harness/bgp/encode.ts';
import { encodePrefix } from '../../harness/bgp/prefix-text.ts';
import { RibFixture } from '../routing/rib-fixture.ts';

const PREFIX = encodePrefix('10.1.0.0/16');
const paths = (ids: readonly number[]) => Buffer.concat(ids.flatMap((id) => [uint32(id), PREFIX]));
const announce = (ids: readonly number[], hop: string, preference = 100) =>
  encodeUpdate({
    attributes: [origin(0), asPath([]), nextHop(hop), localPref(preference)],
    nlri: paths(ids),
  });
const withdraw = (ids: readonly number[]) => encodeUpdate({ withdrawn: paths(ids) });

const ADD_PATH = { addPathReceive: ['ipv4'], addPathSend: ['ipv4'] } as const;

test('each identifier is a path of its own; the same one again replaces it (RFC 7911 §3)', () => {
  const fixture = new RibFixture();
  const source = fixture.up(1, ADD_PATH);
  fixture.receive(source, announce([0, 1, 0xffffffff], '192.0.2.1'), announce([1], '192.0.2.2'));
  const held = () =>
    fixture
      .received(source)
      .map(({ pathId, nextHop: hop }) => `${pathId} ${hop}`)
      .toSorted();
  expect(held()).toEqual(['0 192.0.2.1', '1 192.0.2.2', '4294967295 192.0.2.1']);
  fixture.receive(source, withdraw([0, 7]));
  expect(held()).toEqual(['1 192.0.2.2', '4294967295 192.0.2.1']);
  fixture.expectNothingLeft();
});

test('the best of them goes to sessions without ADD-PATH, all to those with it, under identifiers of ours', () => {
  const fixture = new RibFixture();
  const source = fixture.up(1, ADD_PATH);
  const plain = fixture.up(2);
  const withPaths = fixture.up(3, ADD_PATH);
  fixture.receive(
    source,
    announce([7], '192.0.2.7'),
    announce([8], '192.0.2.8', 200),
    announce([9], '192.0.2.9'),
  );
  expect(plain.output.route('10.1.0.0/16').nextHop).toBe('192.0.2.8');
  const hops = () => [...withPaths.output.table.values()].map((route) => route.nextHop).toSorted();
  expect(hops()).toEqual(['192.0.2.7', '192.0.2.8', '192.0.2.9']);
  fixture.receive(source, withdraw([8]));
  expect(hops()).toEqual(['192.0.2.7', '192.0.2.9']);
  expect(plain.output.prefixes).toEqual(['10.1.0.0/16']);
  fixture.receive(source, withdraw([7, 9]));
  expect([plain.output.prefixes, withPaths.output.prefixes]).toEqual([[], []]);
  fixture.expectNothingLeft();
});

test('our identifiers stay while the path does, whatever becomes of its attributes (RFC 7911 §3)', () => {
  const fixture = new RibFixture();
  const source = fixture.up(1);
  const receiver = fixture.up(2, ADD_PATH);
  const update = (hop: string) =>
    encodeUpdate({ attributes: [origin(0), asPath([]), nextHop(hop), localPref(100)], nlri: PREFIX });
  fixture.receive(source, update('192.0.2.1'));
  const before = receiver.output.prefixes;
  fixture.receive(source, update('192.0.2.2'));
  expect(receiver.output.prefixes).toEqual(before);
  expect(receiver.output.withdrawals).toEqual([]);
});

test('beyond the limit of paths of one prefix more are ignored, those there may change', () => {
  const fixture = new RibFixture();
  const exportPolicy = { name: 'none', terms: [], otherwise: 'reject' as const };
  const source = fixture.up(1, { ...ADD_PATH, exportPolicy });
  const importPolicy = {
    name: 'tag',
    otherwise: 'reject' as const,
    terms: [
      {
        name: 'tag',
        match: {},
        action: 'accept' as const,
        operations: [{ kind: 'addCommunity' as const, community: '1:1' }],
      },
    ],
  };
  fixture.rib.updateSession(source.slot, { ...source.session, importPolicy });
  for (let id = 1; id <= MAX_PATHS_OF_PREFIX; id += 512) {
    const ids = Array.from({ length: 512 }, (_, i) => id + i);
    expect(fixture.receive(source, announce(ids, '192.0.2.1')).text).toBe('');
  }
  const more = fixture.receive(
    source,
    announce([MAX_PATHS_OF_PREFIX + 1, MAX_PATHS_OF_PREFIX + 2], '192.0.2.9'),
  );
  expect(more).toMatchObject({ notification: null, treatedAsWithdraw: false });
  expect(more.text).toMatch(/^2 routes were ignored/);
  expect(fixture.rib.sessionCounts(source.slot).received).toEqual({ ipv4: MAX_PATHS_OF_PREFIX });
  expect(fixture.receive(source, announce([5], '192.0.2.9')).text).toBe('');
  fixture.receive(source, withdraw([6]));
  expect(fixture.receive(source, announce([MAX_PATHS_OF_PREFIX + 1], '192.0.2.9')).text).toBe('');
  fixture.expectNothingLeft();
});
