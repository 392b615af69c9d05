import {
  initialPeer,
  type Peer,
  type PeerInput,
  type PeerPolicy,
  peerState,
  peerTransition,
} from '../../../bgp/fsm/peer-fsm.ts';
import { describeEffect, EVENTS, POLICY, SESSION } from './fsm-fixtures.ts';

/** We are dominant over SESSION's peer (10.0.0.2) or not. */
const DOMINANT: PeerPolicy = { ...POLICY, localAsn: 64512, localRouterId: '192.0.2.1' };
const SUBORDINATE: PeerPolicy = { ...POLICY, localAsn: 64512, localRouterId: '10.0.0.1' };

class Subject {
  peer: Peer = initialPeer();
  log: string[] = [];
  readonly policy: PeerPolicy;

  constructor(policy: PeerPolicy) {
    this.policy = policy;
  }

  /** Effects as `1 send open`, `adopt 2`, `release 2`. */
  feed(input: PeerInput): this {
    const { next, effects } = peerTransition(this.peer, input, this.policy);
    this.peer = next;
    this.log = effects.map((effect) =>
      effect.kind === 'connection'
        ? `${effect.connection} ${describeEffect(effect.effect)}`
        : `${effect.kind} ${effect.connection}`,
    );
    return this;
  }

  on(connection: number, event: keyof typeof EVENTS): this {
    return this.feed({ kind: 'event', connection, event: EVENTS[event] });
  }

  start(): this {
    return this.feed({ kind: 'all', event: EVENTS.ManualStart });
  }

  accept(): this {
    return this.feed({ kind: 'accepted' });
  }

  /** `main id:state[, second id:state]` */
  get shape(): string {
    const { main, second } = this.peer;
    const show = (c: Peer['main']) => `${c.id}:${c.state}`;
    return second === null ? show(main) : `${show(main)}, ${show(second)}`;
  }
}

/** Dialed connection 1 and accepted connection 2, both having sent OPEN. */
function bothOpenSent(policy: PeerPolicy): Subject {
  return new Subject(policy).start().on(1, 'TcpCrAcked').accept();
}

describe('a peer that is dialed', () => {
  test('goes from Connect to Established on one connection', () => {
    const subject = new Subject(DOMINANT).start();
    expect(peerState(subject.peer)).toBe('Connect');
    subject.on(1, 'TcpCrAcked').on(1, 'BgpOpen').on(1, 'KeepAliveMsg');
    expect(subject.shape).toBe('1:Established');
    expect(subject.log).toContain('1 up');
  });

  test('that dials us instead is taken on beside our own dial, which ends when the session is up', () => {
    const subject = new Subject(DOMINANT).start().accept();
    expect(subject.log).toEqual(['adopt 2', '2 stop all', '2 send open', '2 start hold 240']);
    expect(subject.shape).toBe('1:Connect, 2:OpenSent');
    subject.on(2, 'BgpOpen').on(2, 'KeepAliveMsg');
    expect(subject.shape).toBe('2:Established');
    expect(subject.log).toEqual(['2 start hold 90', '2 up', '1 stop all', '1 close stopped', 'release 1']);
  });

  test('is dialed again after the session on the peer’s connection has ended', () => {
    const subject = new Subject(DOMINANT).start().accept().on(2, 'BgpOpen').on(2, 'KeepAliveMsg');
    subject.on(2, 'TcpConnectionFails');
    expect(subject.log).toContain('2 down connectionLost');
    expect(subject.log).toContain('2 start idleHold 10');
    expect(subject.on(2, 'IdleHoldTimerExpires').log).toContain('2 dial');
  });

  test('events of a connection that is gone are ignored', () => {
    const subject = new Subject(DOMINANT).start().accept().on(2, 'TcpConnectionFails');
    expect(subject.shape).toBe('1:Connect');
    expect(subject.on(2, 'BgpOpen').log).toEqual([]);
  });

  test('the error of an accepted connection does not disturb our dial', () => {
    const subject = new Subject(DOMINANT).start().accept().on(2, 'BgpOpenMsgErr');
    expect(subject.log).toEqual([
      '2 stop all',
      '2 close protocolError',
      '2 failed protocolError',
      'release 2',
    ]);
    expect(subject.shape).toBe('1:Connect');
  });

  test('a stop ends both connections and starts nothing', () => {
    const subject = bothOpenSent(DOMINANT).feed({ kind: 'all', event: EVENTS.ManualStop });
    expect(subject.shape).toBe('1:Idle');
    expect(subject.log.filter((line) => line.includes('start'))).toEqual([]);
    expect(subject.log).toEqual(expect.arrayContaining(['1 close stopped', '2 close stopped', 'release 2']));
  });
});

describe('a client that is never dialed', () => {
  const client: PeerPolicy = { ...DOMINANT, passive: true, restarts: false };

  test('is taken on from Idle and rests there again afterwards', () => {
    const subject = new Subject(client).accept();
    expect(subject.shape).toBe('2:OpenSent');
    subject.on(2, 'BgpOpen').on(2, 'KeepAliveMsg').on(2, 'NotifMsg');
    expect(subject.shape).toBe('2:Idle');
    expect(subject.log.filter((line) => line.includes('start'))).toEqual([]);
  });

  test('that dials anew before it was Established gives up the older connection', () => {
    const subject = new Subject(client).accept().accept().accept();
    expect(subject.shape).toBe('2:OpenSent, 4:OpenSent');
    expect(subject.log).toContain('3 close collision');
    subject.on(4, 'BgpOpen');
    expect(subject.shape).toBe('2:OpenSent, 4:OpenConfirm');
    subject.on(2, 'BgpOpen');
    expect(subject.log).toContain('4 close collision');
  });

  test('that is Established keeps its session: a second connection of it gets Cease 6/7 upon its OPEN', () => {
    const subject = new Subject(client).accept().on(2, 'BgpOpen').on(2, 'KeepAliveMsg').accept();
    expect(subject.shape).toBe('2:Established, 3:OpenSent');
    subject.on(3, 'BgpOpen');
    expect(subject.log).toEqual(['3 stop all', '3 close collision', '3 failed collision', 'release 3']);
    expect(subject.shape).toBe('2:Established');
  });

  test('that preserves forwarding and comes back replaces its old session without a NOTIFICATION (RFC 4724 §5)', () => {
    const event = { name: 'BgpOpen', session: { ...SESSION, preservesForwarding: true } } as const;
    const subject = new Subject(client)
      .accept()
      .feed({ kind: 'event', connection: 2, event })
      .on(2, 'KeepAliveMsg');
    subject.accept().feed({ kind: 'event', connection: 3, event });
    expect(subject.log).toEqual(
      expect.arrayContaining(['2 close connectionLost', '2 down connectionLost', 'release 2']),
    );
    expect(subject.shape).toBe('3:OpenConfirm');
  });
});

describe('both ends dial at once', () => {
  test('subordinate: the peer’s connection lives, ours gets Cease 6/7', () => {
    const subject = bothOpenSent(SUBORDINATE).on(1, 'BgpOpen').on(2, 'BgpOpen');
    expect(subject.log).toContain('1 close collision');
    expect(subject.shape).toBe('2:OpenConfirm');
  });

  test('dominant: our connection lives, the peer’s gets Cease 6/7', () => {
    const subject = bothOpenSent(DOMINANT).on(1, 'BgpOpen').on(2, 'BgpOpen');
    expect(subject.log).toContain('2 close collision');
    expect(subject.shape).toBe('1:OpenConfirm');
  });

  test('the order of the two OPENs does not matter', () => {
    expect(bothOpenSent(SUBORDINATE).on(2, 'BgpOpen').on(1, 'BgpOpen').shape).toBe('2:OpenConfirm');
    expect(bothOpenSent(DOMINANT).on(2, 'BgpOpen').on(1, 'BgpOpen').shape).toBe('1:OpenConfirm');
  });

  test('a connection that loses to an Established one is closed when its OPEN comes', () => {
    const subject = bothOpenSent(DOMINANT).on(2, 'BgpOpen').on(2, 'KeepAliveMsg');
    expect(subject.shape).toBe('2:Established, 1:OpenSent');
    subject.on(1, 'BgpOpen');
    expect(subject.log).toContain('1 close collision');
    expect(subject.shape).toBe('2:Established');
  });

  test('the peer closes the Established one for the other: the session moves on there, without a pause', () => {
    const subject = bothOpenSent(DOMINANT).on(2, 'BgpOpen').on(2, 'KeepAliveMsg').on(2, 'NotifMsg');
    expect(subject.log).toContain('2 down notificationReceived');
    expect(subject.shape).toBe('1:OpenSent');
    subject.on(1, 'BgpOpen').on(1, 'KeepAliveMsg');
    expect(subject.shape).toBe('1:Established');
  });

  test('the count of failures belongs to the peer and outlives a promotion', () => {
    const subject = new Subject(DOMINANT).start().on(1, 'TcpCrAcked').on(1, 'BgpHeaderErr');
    expect(subject.peer.main.failures).toBe(1);
    expect(subject.accept().peer.main.failures).toBe(1);
  });
});
