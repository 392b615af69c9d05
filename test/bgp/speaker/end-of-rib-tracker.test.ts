import type { Family } from '../../../bgp/net/index.ts';
import { EndOfRibTracker } from '../../../bgp/speaker/end-of-rib-tracker.ts';
import { FakeClock } from './fake-clock.ts';

const BOTH: readonly Family[] = ['ipv4', 'ipv6'];

function setUp(...peers: readonly object[]) {
  const clock = new FakeClock();
  const complete: Family[] = [];
  const tracker = new EndOfRibTracker({ clock, onComplete: (family) => complete.push(family) });
  tracker.start(peers.map((key) => ({ key, families: BOTH })));
  return { clock, complete, tracker };
}

describe('end of the initial routes', () => {
  test('comes when every configured session has sent End-of-RIB, for each family on its own', () => {
    const [a, b] = [{}, {}];
    const { clock, complete, tracker } = setUp(a, b);
    clock.advance(1);
    tracker.sessionUp(a, BOTH);
    tracker.endOfRib(a, 'ipv4');
    tracker.endOfRib(a, 'ipv6');
    expect(complete).toEqual([]);
    tracker.sessionUp(b, BOTH);
    tracker.endOfRib(b, 'ipv6');
    expect(complete).toEqual(['ipv6']);
    tracker.endOfRib(b, 'ipv4');
    expect(complete).toEqual(['ipv6', 'ipv4']);
  });

  test('a family that was not negotiated is not waited for', () => {
    const a = {};
    const { clock, complete, tracker } = setUp(a);
    clock.advance(1);
    tracker.sessionUp(a, ['ipv4']);
    expect(complete).toEqual(['ipv6']);
  });

  test('a peer that never comes is waited for until the deadline, 120 s', () => {
    const { clock, complete } = setUp({});
    clock.advance(119_999);
    expect(complete).toEqual([]);
    clock.advance(1);
    expect(complete).toEqual(BOTH);
  });

  test('without configured peers clients have two seconds to come, and those who came are waited for', () => {
    const client = {};
    const { clock, complete, tracker } = setUp();
    clock.advance(1_000);
    tracker.sessionUp(client, ['ipv4']);
    clock.advance(1_000);
    expect(complete).toEqual(['ipv6']);
    tracker.endOfRib(client, 'ipv4');
    expect(complete).toEqual(['ipv6', 'ipv4']);
  });

  test('a client that went, or a peer that is configured no more, is not waited for', () => {
    const a = {};
    const { clock, complete, tracker } = setUp(a);
    clock.advance(1);
    tracker.forget(a);
    expect(complete).toEqual(BOTH);
  });

  test('is told once: later sessions change nothing', () => {
    const { clock, complete, tracker } = setUp();
    clock.advance(2_000);
    expect(complete).toEqual(BOTH);
    tracker.sessionUp({}, BOTH);
    expect(tracker.isComplete('ipv4')).toBe(true);
    clock.advance(200_000);
    expect(complete).toEqual(BOTH);
  });

  test('closing leaves no timer behind', () => {
    const { clock, tracker } = setUp({});
    tracker.close();
    expect(clock.timers).toBe(0);
  });
});
