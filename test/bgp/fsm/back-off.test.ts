import { connectRetryMs, idleHoldMs } from '../../../bgp/fsm/back-off.ts';
import { cease, headerError, received } from '../../../bgp/packet/notification.ts';

describe('back-off', () => {
  test('a peer that does not answer is dialed after 1, 2, 4, then every 5 seconds', () => {
    expect([1, 2, 3, 4, 5, 100].map(connectRetryMs)).toEqual([1000, 2000, 4000, 5000, 5000, 5000]);
  });

  test('after errors: 5, 10, 20, 40, then 60 seconds', () => {
    const reason = { kind: 'protocolError', notification: headerError.badMessageType(9), text: '' } as const;
    expect([1, 2, 3, 4, 5, 50].map((errors) => idleHoldMs(reason, errors))).toEqual([
      5000, 10000, 20000, 40000, 60000, 60000,
    ]);
  });

  test.each([2, 3, 4, 6, 7, 9])(
    'a peer that says goodbye with Cease 6/%i is tried again after a second',
    (subcode) => {
      const notification = received(6, subcode, new Uint8Array(0));
      expect(idleHoldMs({ kind: 'notificationReceived', notification }, 3)).toBe(1000);
    },
  );

  test.each([1, 5, 8])('after Cease 6/%i the peer is left in peace', (subcode) => {
    const notification = received(6, subcode, new Uint8Array(0));
    expect(idleHoldMs({ kind: 'notificationReceived', notification }, 2)).toBe(10000);
  });

  test('a lost connection and our own reset are no errors', () => {
    expect(idleHoldMs({ kind: 'connectionLost', text: 'reset' }, 3)).toBe(1000);
    expect(idleHoldMs({ kind: 'stopped', notification: cease.administrativeReset() }, 3)).toBe(1000);
    expect(idleHoldMs({ kind: 'stopped', notification: cease.maximumPrefixes(1, 1, 9) }, 1)).toBe(5000);
  });
});
