/**
 * Collisions in every combination of states (RFC 4271 §6.8, §8.2.1): connection 1 is dialed, 2 is the peer's. Each
 * combination is reached by events alone, for a speaker that is dominant and for one that is not.
 */
import { initialPeer, type PeerInput, type PeerPolicy, peerTransition } from '../../../bgp/fsm/peer-fsm.ts';
import type { State } from '../../../bgp/fsm/state.ts';
import { describeEffect, EVENTS, POLICY } from './fsm-fixtures.ts';

const ROLES = {
  dominant: { ...POLICY, localAsn: 64512, localRouterId: '192.0.2.1' },
  subordinate: { ...POLICY, localAsn: 64512, localRouterId: '10.0.0.1' },
} as const;
type Role = keyof typeof ROLES;

const on = (connection: number, event: keyof typeof EVENTS): PeerInput => ({
  kind: 'event',
  connection,
  event: EVENTS[event],
});
const START: PeerInput = { kind: 'all', event: EVENTS.ManualStart };
const ACCEPT: PeerInput = { kind: 'accepted' };

/** What brings a connection from the beginning into a state. */
const DIALED: Readonly<Record<State, readonly PeerInput[]>> = {
  Idle: [START, on(1, 'TcpCrAcked'), on(1, 'BgpHeaderErr')],
  Connect: [START],
  Active: [START, on(1, 'TcpConnectionFails')],
  OpenSent: [START, on(1, 'TcpCrAcked')],
  OpenConfirm: [START, on(1, 'TcpCrAcked'), on(1, 'BgpOpen')],
  Established: [START, on(1, 'TcpCrAcked'), on(1, 'BgpOpen'), on(1, 'KeepAliveMsg')],
};
const ACCEPTED = {
  OpenSent: [ACCEPT],
  OpenConfirm: [ACCEPT, on(2, 'BgpOpen')],
} as const;

interface Outcome {
  /** `id:state` of both connections. */
  readonly shape: string;
  /** Of the last input: connections that got Cease 6/7. */
  readonly dumped: readonly number[];
  readonly downs: number;
  readonly ups: number;
}

function run(policy: PeerPolicy, inputs: readonly PeerInput[]): Outcome {
  let peer = initialPeer();
  let dumped: number[] = [];
  let downs = 0;
  let ups = 0;
  for (const input of inputs) {
    const { next, effects } = peerTransition(peer, input, policy);
    peer = next;
    const own = effects.flatMap((effect) =>
      effect.kind === 'connection' ? [[effect.connection, describeEffect(effect.effect)] as const] : [],
    );
    dumped = own.filter(([, text]) => text === 'close collision').map(([id]) => id);
    downs += own.filter(([, text]) => text.startsWith('down')).length;
    ups += own.filter(([, text]) => text === 'up').length;
  }
  const { main, second } = peer;
  const shape = [main, second].flatMap((one) => (one === null ? [] : [`${one.id}:${one.state}`])).join(', ');
  return { shape, dumped, downs, ups };
}

describe("the peer's OPEN comes on its own connection", () => {
  const rows: readonly (readonly [State, Role, string, readonly number[]])[] = [
    ['Idle', 'dominant', '2:OpenConfirm', []],
    ['Idle', 'subordinate', '2:OpenConfirm', []],
    ['Connect', 'dominant', '1:Connect, 2:OpenConfirm', []],
    ['Connect', 'subordinate', '1:Connect, 2:OpenConfirm', []],
    ['Active', 'dominant', '1:Active, 2:OpenConfirm', []],
    ['Active', 'subordinate', '1:Active, 2:OpenConfirm', []],
    ['OpenSent', 'dominant', '1:OpenSent, 2:OpenConfirm', []],
    ['OpenSent', 'subordinate', '1:OpenSent, 2:OpenConfirm', []],
    ['OpenConfirm', 'dominant', '1:OpenConfirm', [2]],
    ['OpenConfirm', 'subordinate', '2:OpenConfirm', [1]],
    ['Established', 'dominant', '1:Established', [2]],
    ['Established', 'subordinate', '1:Established', [2]],
  ];
  test.each(rows)(
    'the dialed one is in %s, we are %s: %s, Cease 6/7 for %j',
    (state, role, shape, dumped) => {
      const inputs = [...DIALED[state], ...ACCEPTED.OpenSent, on(2, 'BgpOpen')];
      expect(run(ROLES[role], inputs)).toMatchObject({ shape, dumped, downs: 0 });
    },
  );
});

describe("the peer's OPEN comes on the dialed connection", () => {
  const rows: readonly (readonly [keyof typeof ACCEPTED | 'Established', Role, string, readonly number[]])[] =
    [
      ['OpenSent', 'dominant', '1:OpenConfirm, 2:OpenSent', []],
      ['OpenSent', 'subordinate', '1:OpenConfirm, 2:OpenSent', []],
      ['OpenConfirm', 'dominant', '1:OpenConfirm', [2]],
      ['OpenConfirm', 'subordinate', '2:OpenConfirm', [1]],
      ['Established', 'dominant', '2:Established', [1]],
      ['Established', 'subordinate', '2:Established', [1]],
    ];
  test.each(rows)("the peer's is in %s, we are %s: %s, Cease 6/7 for %j", (state, role, shape, dumped) => {
    const accepted =
      state === 'Established' ? [...ACCEPTED.OpenConfirm, on(2, 'KeepAliveMsg')] : ACCEPTED[state];
    const inputs = [...DIALED.OpenSent, ...accepted, on(1, 'BgpOpen')];
    expect(run(ROLES[role], inputs)).toMatchObject({ shape, dumped, downs: 0 });
  });
});

describe('whatever the combination', () => {
  const states = Object.keys(DIALED) as State[];
  const roles = Object.keys(ROLES) as Role[];
  const all = states.flatMap((state) => roles.map((role) => [state, role] as const));

  test.each(all)('%s, %s: one session comes of it, and only one', (state, role) => {
    // A second OPEN on one connection is no collision but an error.
    const opens = state === 'OpenSent' ? [on(2, 'BgpOpen'), on(1, 'BgpOpen')] : [on(2, 'BgpOpen')];
    const inputs = [...DIALED[state], ACCEPT, ...opens, on(2, 'KeepAliveMsg'), on(1, 'KeepAliveMsg')];
    const { shape, ups, downs } = run(ROLES[role], inputs);
    expect([ups, downs]).toEqual([1, 0]);
    expect(shape.match(/Established/g)).toHaveLength(1);
  });

  test.each(all)('%s, %s: a third connection of the peer takes the place of the second', (state, role) => {
    const before = run(ROLES[role], [...DIALED[state], ACCEPT]);
    const after = run(ROLES[role], [...DIALED[state], ACCEPT, ACCEPT]);
    expect(before.shape).toContain('2:OpenSent');
    if (state === 'Idle') expect(after.shape).toBe('2:OpenSent, 3:OpenSent');
    else expect([after.shape.includes('2:'), after.dumped]).toEqual([false, [2]]);
    expect(after.shape).toContain('3:OpenSent');
  });
});
