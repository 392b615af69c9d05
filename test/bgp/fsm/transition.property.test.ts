import type { Connection } from '../../../bgp/fsm/connection.ts';
import { STATES } from '../../../bgp/fsm/state.ts';
import { transition } from '../../../bgp/fsm/transition.ts';
import fc from '../../support/property.ts';
import { connectionIn, EVENT_NAMES, EVENTS, POLICY, SESSION } from './fsm-fixtures.ts';

const policies = fc.record({ passive: fc.boolean(), restarts: fc.boolean() });

describe('the machine of one connection', () => {
  test('is total: every state answers every event', () => {
    for (const state of STATES) {
      for (const name of EVENT_NAMES) {
        const { next, effects } = transition(connectionIn(state), EVENTS[name], POLICY);
        expect(STATES).toContain(next.state);
        expect(Array.isArray(effects)).toBe(true);
      }
    }
  });

  test('never changes what it is given', () => {
    for (const state of STATES) {
      for (const name of EVENT_NAMES) {
        const connection = Object.freeze(connectionIn(state));
        transition(connection, Object.freeze(EVENTS[name]), POLICY);
        expect(connection).toEqual(connectionIn(state));
      }
    }
  });

  test('every sessionUp is followed by exactly one sessionDown, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...EVENT_NAMES), { maxLength: 200 }),
        policies,
        (names, policy) => {
          let connection: Connection = connectionIn('Idle');
          let isUp = false;
          for (const name of names) {
            const result = transition(connection, EVENTS[name], { ...POLICY, ...policy });
            for (const effect of result.effects) {
              if (effect.kind === 'sessionUp') {
                expect(isUp).toBe(false);
                isUp = true;
              } else if (effect.kind === 'sessionDown') {
                expect(isUp).toBe(true);
                isUp = false;
              }
            }
            connection = result.next;
            expect(isUp).toBe(connection.state === 'Established');
            expect(connection.session !== null).toBe(
              ['OpenConfirm', 'Established'].includes(connection.state),
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('hold time 0: neither keepalives nor a hold timer (RFC 4271 §4.2)', () => {
    const session = { ...SESSION, holdTimeSec: 0, keepaliveSec: 0 };
    const { effects } = transition(connectionIn('OpenSent'), { name: 'BgpOpen', session }, POLICY);
    expect(effects).toContainEqual({ kind: 'stopTimer', timer: 'hold' });
    expect(effects).toContainEqual({ kind: 'stopTimer', timer: 'keepalive' });
  });

  test('a KEEPALIVE in Established proves the session stable: the count of failures starts over', () => {
    const { next } = transition(connectionIn('Established', { failures: 4 }), EVENTS.KeepAliveMsg, POLICY);
    expect(next.failures).toBe(0);
  });
});
