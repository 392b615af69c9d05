/** Clients that went: shown for a while, but never so many that their memory matters. */
import { DynamicPeers } from '../../../bgp/speaker/dynamic-peers.ts';
import type { PeerDriver } from '../../../bgp/speaker/peer-driver.ts';
import { dynamicSettings } from '../../../bgp/speaker/session-settings.ts';
import { FakeClock } from './fake-clock.ts';
import { rangeConfig, speakerConfig } from './speaker-under-test.ts';

/** What is looked at of a client. @param flaps how many sessions it has lost */
function client(index: number, flaps: number): PeerDriver {
  const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  const settings = dynamicSettings(rangeConfig(), { address, zone: null }, speakerConfig());
  const record = { flaps, state: 'Idle', since: new Date(0) };
  return { settings, record, keptMs: 0, forgetRoutes: () => undefined } as unknown as PeerDriver;
}

function gone(peers: DynamicPeers, count: number, flaps: number, from = 0): PeerDriver[] {
  return Array.from({ length: count }, (_, i) => {
    const peer = client(from + i, flaps);
    peers.add(peer);
    peers.onEnded(peer, false);
    return peer;
  });
}

test('a client that had a session is shown for 75 s, and found by its name', () => {
  const clock = new FakeClock();
  const peers = new DynamicPeers(clock);
  const [one] = gone(peers, 1, 1);
  expect(peers.find('clients/10.0.0.0')).toBe(one);
  expect([peers.find('clients/10.0.0.1'), peers.find('others/10.0.0.0')]).toEqual([null, null]);
  clock.advance(74_999);
  expect(peers.find('clients/10.0.0.0')).toBe(one);
  clock.advance(1);
  expect(peers.find('clients/10.0.0.0')).toBeNull();
});

test('of those that never had one only the last 1,024 are remembered, and they push out nobody else', () => {
  const clock = new FakeClock();
  const peers = new DynamicPeers(clock);
  const known = gone(peers, 2_000, 1);
  const strangers = gone(peers, 5_000, 0, 10_000);
  expect([...peers.all()]).toEqual([...known, ...strangers.slice(-1_024)]);
  expect([clock.timers, peers.liveCount]).toEqual([2_000 + 1_024, 0]);
});

test('of all that went the last 16,384 are remembered, and those that are disabled', () => {
  const clock = new FakeClock();
  const peers = new DynamicPeers(clock);
  const disabled = client(1 << 20, 1);
  peers.add(disabled);
  peers.onEnded(disabled, true);
  const known = gone(peers, 20_000, 1);
  const all = new Set(peers.all());
  expect(all.size).toBe(16_384);
  expect([all.has(disabled), all.has(known[0]!), all.has(known.at(-1)!)]).toEqual([true, false, true]);
});

test('a full range is looked through ten times a second, or when somebody goes or limits change', () => {
  const clock = new FakeClock();
  const peers = new DynamicPeers(clock);
  const note = (): void => {
    peers.noteFull('clients');
    expect([peers.isKnownFull('clients'), peers.isKnownFull('others')]).toEqual([true, false]);
  };
  note();
  clock.advance(100);
  expect(peers.isKnownFull('clients')).toBe(false);
  note();
  gone(peers, 1, 0);
  expect(peers.isKnownFull('clients')).toBe(false);
  note();
  peers.onConfigured();
  expect(peers.isKnownFull('clients')).toBe(false);
});
