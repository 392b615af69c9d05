import { setImmediate as nextTurn } from 'node:timers/promises';
import { HoldTimer } from '../../../bgp/speaker/hold-timer.ts';
import { FakeClock } from './fake-clock.ts';

function setUp() {
  const clock = new FakeClock();
  const state = { unread: false, expired: 0 };
  const timer = new HoldTimer({
    clock,
    hasUnreadInput: () => state.unread,
    onExpired: () => state.expired++,
  });
  return { clock, state, timer };
}

/** Both rounds of the event loop that precede the verdict. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await nextTurn();
}

describe('hold timer', () => {
  test('expires when nothing came for the hold time, and not before', async () => {
    const { clock, state, timer } = setUp();
    timer.start(90_000);
    clock.advance(89_999);
    await settle();
    expect(state.expired).toBe(0);
    clock.advance(1);
    await settle();
    expect(state.expired).toBe(1);
  });

  test('a message only notes the time: one timer, no matter how many messages', async () => {
    const { clock, state, timer } = setUp();
    timer.start(90_000);
    for (let i = 0; i < 1000; i++) {
      clock.advance(50);
      timer.touch();
      timer.start(90_000);
    }
    expect(clock.timers).toBe(1);
    clock.advance(89_999);
    await settle();
    expect(state.expired).toBe(0);
    clock.advance(1);
    await settle();
    expect(state.expired).toBe(1);
  });

  test('input that waits in our own queue is looked at before the verdict', async () => {
    const { clock, state, timer } = setUp();
    timer.start(9_000);
    state.unread = true;
    clock.advance(9_000);
    await settle();
    expect(state.expired).toBe(0);
    timer.touch();
    state.unread = false;
    clock.advance(8_999);
    await settle();
    expect(state.expired).toBe(0);
    clock.advance(260);
    await settle();
    expect(state.expired).toBe(1);
  });

  test('a message that is read right behind a late timer still counts', async () => {
    const { clock, state, timer } = setUp();
    timer.start(9_000);
    clock.advance(12_000);
    setImmediate(() => timer.touch());
    await settle();
    expect(state.expired).toBe(0);
  });

  test('a shorter hold time takes effect at once (240 s in OpenSent, then the negotiated one)', async () => {
    const { clock, state, timer } = setUp();
    timer.start(240_000);
    timer.start(9_000);
    clock.advance(9_000);
    await settle();
    expect(state.expired).toBe(1);
  });

  test('once stopped it never expires, not even in the rounds before the verdict', async () => {
    const { clock, state, timer } = setUp();
    timer.start(9_000);
    clock.advance(9_000);
    timer.stop();
    await settle();
    clock.advance(100_000);
    await settle();
    expect(state.expired).toBe(0);
    expect(clock.timers).toBe(0);
  });
});
