import { connectRetryMs, idleHoldMs, isFailure } from '../../../bgp/fsm/back-off.ts';
import { cease, headerError, received } from '../../../bgp/packet/notification.ts';

describe('back-off', () => {
  test('a peer that does not answer is dialed after 1, 2, 4, then every 5 seconds', () => {
    expect([1, 2, 3, 4, 5, 100].map(connectRetryMs)).toEqual([1000, 2000, 4000, 5000, 5000, 5000]);
  });

  test('after a disagreement: 5, 10, 20, 40, then 60 seconds', () => {
    const reason = { kind: 'protocolError', notification: headerError.badMessageType(9), text: '' } as const;
    expect([1, 2, 3, 4, 5, 50].map((failures) => idleHoldMs(reason, failures))).toEqual([
      5000, 10000, 20000, 40000, 60000, 60000,
    ]);
  });

  test('a peer that merely went is tried again soon, but not for ever: 1, 2, 4, 8, 16, 32, 60 seconds', () => {
    const reason = { kind: 'connectionLost', text: 'connection closed by peer' } as const;
    expect([1, 2, 3, 4, 5, 6, 7].map((failures) => idleHoldMs(reason, failures))).toEqual([
      1000, 2000, 4000, 8000, 16000, 32000, 60000,
    ]);
  });

  test.each([2, 3, 4, 6, 7, 9])(
    'a peer that says goodbye with Cease 6/%i is tried again after a second',
    (subcode) => {
      const notification = received(6, subcode, new Uint8Array(0));
      expect(idleHoldMs({ kind: 'notificationReceived', notification }, 1)).toBe(1000);
    },
  );

  test.each([1, 5, 8])('after Cease 6/%i the peer is left in peace', (subcode) => {
    const notification = received(6, subcode, new Uint8Array(0));
    expect(idleHoldMs({ kind: 'notificationReceived', notification }, 2)).toBe(10000);
  });

  test('our own reset is no failure of the peer, a maximum of prefixes that we enforce is', () => {
    const reset = { kind: 'stopped', notification: cease.administrativeReset() } as const;
    const limit = { kind: 'stopped', notification: cease.maximumPrefixes(1, 1, 9) } as const;
    expect([isFailure(reset), idleHoldMs(reset, 0)]).toEqual([false, 1000]);
    expect([isFailure(limit), idleHoldMs(limit, 1)]).toEqual([true, 5000]);
    expect(isFailure({ kind: 'collision' })).toBe(false);
  });
});
