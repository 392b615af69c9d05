import type { EndReason } from '../../../bgp/fsm/reason.ts';
import { openError } from '../../../bgp/packet/notification.ts';
import { type EndCircumstances, PeerRecord } from '../../../bgp/speaker/peer-record.ts';
import { NO_DROPS } from '../../../bgp/speaker/socket/kernel-counters.ts';
import { FakeClock } from './fake-clock.ts';

const LOST: EndReason = { kind: 'connectionLost', text: 'connection closed by peer' };
const REFUSED: EndReason = { kind: 'connectionLost', text: 'connection refused' };
const NOTIFIED: EndReason = { kind: 'notificationReceived', notification: openError.badPeerAs() };

let record: PeerRecord;
beforeEach(() => {
  record = new PeerRecord(new FakeClock());
});

function end(reason: EndReason, changes: Partial<EndCircumstances> = {}): ReturnType<PeerRecord['noteEnd']> {
  const facts = { dialed: true, errorCode: null, heardOpen: false, dropsBefore: NO_DROPS };
  const circumstances = { wasSent: true, wasConnected: true, wasEstablished: false, hasHeir: false, facts };
  return record.noteEnd(reason, { ...circumstances, ...changes });
}

test('a NOTIFICATION stays the last error while later connections say less', () => {
  end(NOTIFIED);
  end(LOST);
  end(REFUSED, { wasConnected: false });
  expect(record.lastError).toMatchObject({ direction: 'received', code: 2, subcode: 2 });
  expect(record.attempt?.error.text).toBe('connection refused');
  expect(record.connectionFailures).toMatchObject({ closed: 2 });
});

test('the end of a session is worth more than the dials after it, and than what was before', () => {
  end(NOTIFIED);
  end(LOST, { wasEstablished: true });
  end(REFUSED, { wasConnected: false });
  expect(record.lastError).toMatchObject({ code: 0, text: 'connection closed by peer' });
});

test('of failures that say little the last one is shown', () => {
  end(LOST);
  end(REFUSED, { wasConnected: false });
  expect(record.lastError).toMatchObject({ text: 'connection refused' });
});

test('an error that the peer could not be told is shown with its codes, but not counted as sent', () => {
  const reason: EndReason = { kind: 'protocolError', notification: openError.badPeerAs(), text: 'AS 65000' };
  expect(end(reason, { wasSent: false })).toBeNull();
  expect(record.lastError).toMatchObject({ direction: 'sent', code: 2, subcode: 2 });
  expect(record.lastSent).toBeNull();
});

test('a connection that another one replaces is no failure', () => {
  end(LOST, { hasHeir: true });
  expect(record.lastError).toBeNull();
  expect(record.attempt).toBeNull();
});
