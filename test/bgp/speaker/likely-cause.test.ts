/** What `manul peers NAME` makes of a failed connection, for the person who has to repair it. */
import type { EndReason } from '../../../bgp/fsm/reason.ts';
import type { Attempt } from '../../../bgp/speaker/attempt.ts';
import { failureKind, likelyCause, type Situation } from '../../../bgp/speaker/likely-cause.ts';
import { configuredSettings } from '../../../bgp/speaker/session-settings.ts';
import { NO_DROPS } from '../../../bgp/speaker/socket/kernel-counters.ts';
import type { PeerConfig } from '../../../bgp/speaker/speaker-config.ts';
import { peerConfig } from './speaker-under-test.ts';

const LOST: EndReason = { kind: 'connectionLost', text: 'connection closed by peer' };
const TIMED_OUT: EndReason = { kind: 'connectTimedOut' };

interface Told {
  readonly peer?: Partial<PeerConfig>;
  readonly reason?: EndReason;
  readonly errorCode?: string;
  readonly heardOpen?: boolean;
  readonly notification?: readonly ['sent' | 'received', number, number, string];
  readonly attempt?: Partial<Attempt>;
  readonly situation?: Partial<Situation>;
}

function attemptOf({ reason = LOST, errorCode, heardOpen = false, notification, attempt }: Told): Attempt {
  const [direction, code, subcode, text] = notification ?? ['received', 0, 0, 'text of the error'];
  return {
    reason,
    error: { direction, code, subcode, text, at: '2026-01-01T00:00:00Z' },
    wasConnected: notification !== undefined,
    wasEstablished: false,
    facts: { dialed: true, errorCode: errorCode ?? null, heardOpen, dropsBefore: NO_DROPS },
    drops: NO_DROPS,
    ...attempt,
  };
}

function cause(told: Told): string | null {
  const config = peerConfig({
    passive: false,
    port: 179,
    asn: 64601,
    localAddress: '127.0.0.1',
    ...told.peer,
  });
  return likelyCause({
    settings: configuredSettings(config, config.address, { asn: 64512, routerId: '10.0.0.1' }),
    state: 'Active',
    held: null,
    attempt: attemptOf(told),
    listenFailures: [],
    drops: NO_DROPS,
    ...told.situation,
  });
}

test.each<readonly [string, Told, RegExp]>([
  ['refused', { errorCode: 'ECONNREFUSED' }, /nothing listens on 127.0.0.2 port 179/],
  ['no answer on the link', { errorCode: 'EHOSTUNREACH' }, /does not answer on its link/],
  ['no route', { errorCode: 'ENETUNREACH' }, /no route to 127.0.0.2/],
  [
    'a source address that is not ours',
    { errorCode: 'EADDRNOTAVAIL' },
    /127.0.0.1 is no address of this node/,
  ],
  [
    'an interface that is not there',
    { errorCode: 'ENODEV', peer: { interface: 'eth9' } },
    /no interface eth9/,
  ],
  ['descriptors', { errorCode: 'EMFILE' }, /no file descriptor left/],
  ['silence', { reason: TIMED_OUT }, /does not answer: it wants a TCP MD5 key that is not configured here/],
  [
    'silence with a key',
    { reason: TIMED_OUT, peer: { password: 'x' } },
    /no TCP MD5 key for us, or another one/,
  ],
  [
    'silence with TTL security',
    { reason: TIMED_OUT, peer: { ttlSecurity: 2 } },
    /more than 2 hops away or does not send with TTL 255/,
  ],
  [
    'an answer without a signature',
    { reason: TIMED_OUT, peer: { password: 'x' }, attempt: { drops: { ...NO_DROPS, unsigned: 1 } } },
    /answers without a signature: nothing listens there, or it has no TCP MD5 key for us; .*dropped 1 segment without a signature/,
  ],
  [
    'answers under another key',
    { reason: TIMED_OUT, peer: { password: 'x' }, attempt: { drops: { ...NO_DROPS, wronglySigned: 3 } } },
    /meanwhile this node dropped 3 segments signed with another key/,
  ],
  [
    'signed segments without a key here',
    { reason: TIMED_OUT, attempt: { drops: { ...NO_DROPS, unexpectedlySigned: 2 } } },
    /2 segments signed although no key is configured/,
  ],
  [
    'segments from too far away',
    { reason: TIMED_OUT, peer: { ttlSecurity: 1 }, attempt: { drops: { ...NO_DROPS, lowTtl: 2 } } },
    /2 segments with a TTL below 255/,
  ],
  [
    'closed before OPEN',
    { attempt: { wasConnected: true } },
    /before its OPEN: it has no neighbor with our address/,
  ],
  [
    'closed after OPEN',
    { heardOpen: true, attempt: { wasConnected: true } },
    /after the OPENs without saying why/,
  ],
  [
    'a session that broke',
    { attempt: { wasConnected: true, wasEstablished: true } },
    /broke without a NOTIFICATION/,
  ],
  [
    'wrong AS here',
    { notification: ['sent', 2, 2, 'is 65000'] },
    /another AS number than 64601 configured here: is 65000/,
  ],
  ['wrong AS there', { notification: ['received', 2, 2, ''] }, /expects another AS number of us than 64512/],
  [
    'one router ID',
    { notification: ['received', 2, 3, ''] },
    /router ID 10.0.0.1, or .* another speaker on our own node/,
  ],
  ['no OPEN', { notification: ['sent', 4, 0, ''] }, /sent no OPEN: something else than BGP/],
  ['no BGP', { notification: ['sent', 1, 1, ''] }, /does not speak BGP/],
  ['rejected', { notification: ['received', 6, 5, ''] }, /no neighbor with our address configured/],
  ['shut down', { notification: ['received', 6, 2, 'spring'] }, /operator has shut the session down/],
  [
    'a limit of prefixes',
    { notification: ['sent', 6, 1, ''], peer: { maxPrefixes: 9 } },
    /more prefixes than its limit of 9; it may come back after 300 s at most, or after "manul peer reset peer"/,
  ],
  [
    'a limit of prefixes for good',
    { notification: ['sent', 6, 1, ''], peer: { maxPrefixes: 9, maxPrefixesRestartSec: null } },
    /its limit of 9; it may come back after "manul peer reset peer"/,
  ],
  ['anything else', { notification: ['sent', 3, 1, 'malformed'] }, /we refused: malformed/],
  [
    'a port that another speaker has',
    {
      peer: { passive: true },
      situation: { attempt: null, listenFailures: ['cannot listen on :: port 179: address already in use'] },
    },
    /to dial, but we cannot listen on :: port 179: address already in use \(does another BGP speaker run/,
  ],
  [
    'a passive peer whose connections are dropped',
    {
      peer: { passive: true, password: 'x' },
      situation: { attempt: null, drops: { ...NO_DROPS, wronglySigned: 5 } },
    },
    /no connection of the peer gets through; .*5 segments signed with another key/,
  ],
])('%s', (_what, told, expected) => {
  expect(cause(told)).toMatch(expected);
});

test('there is nothing to explain while the session is up, held, or was never tried', () => {
  expect(cause({ situation: { state: 'Established' } })).toBeNull();
  expect(cause({ situation: { held: 'Secret bgp is missing' } })).toBeNull();
  expect(cause({ situation: { attempt: null } })).toBeNull();
});

test.each([
  [TIMED_OUT, null, 'timeout'],
  [LOST, null, 'closed'],
  [LOST, 'ECONNREFUSED', 'refused'],
  [LOST, 'EHOSTUNREACH', 'unreachable'],
  [LOST, 'ECONNRESET', 'closed'],
  [LOST, 'EADDRNOTAVAIL', 'other'],
] as const)('%j with %s counts as %s', (reason, errorCode, kind) => {
  expect(failureKind(attemptOf({ reason, ...(errorCode === null ? {} : { errorCode }) }))).toBe(kind);
});
