import { listenKeys } from '../../../bgp/speaker/listen-keys.ts';
import type { DynamicNeighborConfig, PeerConfig } from '../../../bgp/speaker/speaker-config.ts';
import { peerConfig, rangeConfig } from './speaker-under-test.ts';

const range = (listenRanges: readonly string[], password: string | null, held: string | null = null) =>
  rangeConfig({ name: listenRanges.join(), listenRanges, password, held });
const peer = (address: string, password: string | null, held: string | null = null) =>
  peerConfig({ name: address, address, password, held });

function keys(
  peers: readonly PeerConfig[],
  dynamic: readonly DynamicNeighborConfig[],
): Record<string, string> {
  return Object.fromEntries(listenKeys({ peers, dynamic }));
}

test('peers have a key for their address, ranges for their prefixes', () => {
  expect(
    keys(
      [peer('10.0.0.1', 'a'), peer('fd00::1', 'b'), peer('10.0.0.2', null)],
      [range(['10.1.0.0/16', 'fd01::/64'], 'c'), range(['10.2.0.0/16'], null)],
    ),
  ).toEqual({ '10.0.0.1/32': 'a', 'fd00::1/128': 'b', '10.1.0.0/16': 'c', 'fd01::/64': 'c' });
});

test('a peer in a range has its own key; of two peers at one address the first with a key counts', () => {
  expect(
    keys(
      [peer('10.1.0.1', null), peer('10.1.0.1', 'a'), peer('10.1.0.1', 'b')],
      [range(['10.1.0.0/16'], 'c')],
    ),
  ).toEqual({ '10.1.0.1/32': 'a', '10.1.0.0/16': 'c' });
});

test('what is held needs no key: whoever connects is refused', () => {
  expect(
    keys([peer('10.0.0.1', 'a', 'Secret is missing')], [range(['10.1.0.0/16'], null, 'Secret is missing')]),
  ).toEqual({});
});

test('a peer without a key is left out of the range around it', () => {
  expect(keys([peer('10.1.0.5', null)], [range(['10.1.0.0/29'], 'c')])).toEqual({
    '10.1.0.0/30': 'c',
    '10.1.0.4/32': 'c',
    '10.1.0.6/31': 'c',
  });
});

test('a range without a key is left out of the range around it, but not the ranges inside it', () => {
  expect(
    keys(
      [],
      [range(['10.0.0.0/8'], 'wide'), range(['10.128.0.0/9'], null), range(['10.200.0.0/16'], 'narrow')],
    ),
  ).toEqual({ '10.0.0.0/9': 'wide', '10.200.0.0/16': 'narrow' });
});

test('a hole concerns the longest range around it only', () => {
  expect(
    keys([peer('10.1.0.1', null)], [range(['10.0.0.0/8'], 'wide'), range(['10.1.0.0/31'], 'narrow')]),
  ).toEqual({ '10.0.0.0/8': 'wide', '10.1.0.0/32': 'narrow' });
});

test('a range keeps its key where it is also a piece of a longer one', () => {
  expect(
    keys([peer('10.0.1.1', null)], [range(['10.0.0.0/24'], 'narrow'), range(['10.0.0.0/23'], 'wide')]),
  ).toMatchObject({ '10.0.0.0/24': 'narrow', '10.0.1.0/32': 'wide', '10.0.1.128/25': 'wide' });
});

test('a range that is a configured peer alone is not asked', () => {
  expect(keys([peer('10.1.0.1', null)], [range(['10.1.0.1/32'], 'c')])).toEqual({});
});

test('thousands of peers are no work to speak of', () => {
  const peers = Array.from({ length: 10_000 }, (_, i) =>
    peer(`10.${i >> 8}.${i & 255}.1`, i % 2 === 0 ? 'a' : null),
  );
  const before = process.cpuUsage(); // not the clock: other processes may have the cores
  expect(listenKeys({ peers, dynamic: [range(['10.0.0.0/8'], 'c')] }).size).toBeGreaterThan(10_000);
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(5_000);
});
