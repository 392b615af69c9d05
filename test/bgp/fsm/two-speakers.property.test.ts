/**
 * Two machines, two transports, every interleaving: whatever the order in which messages, closes and timers
 * arrive, both ends agree on exactly one Established session. Explored at random, reproducible by seed.
 */

import type { Effect } from '../../../bgp/fsm/effect.ts';
import type { FsmEvent } from '../../../bgp/fsm/event.ts';
import {
  initialPeer,
  type Peer,
  type PeerInput,
  type PeerPolicy,
  peerTransition,
} from '../../../bgp/fsm/peer-fsm.ts';
import type { EndReason } from '../../../bgp/fsm/reason.ts';
import { cease, received } from '../../../bgp/packet/notification.ts';
import fc from '../../support/property.ts';
import { POLICY, SESSION } from './fsm-fixtures.ts';

type Message = 'open' | 'keepalive' | 'collision' | 'closed';

/** One transport connection: what each end has sent and the other has not read, and each end's connection id. */
interface Transport {
  readonly ids: Map<Speaker, number>;
  readonly inFlight: Map<Speaker, Message[]>;
  /** Ends that have closed: they read nothing any more. */
  readonly closed: Set<Speaker>;
}

class Speaker {
  readonly routerId: string;
  readonly policy: PeerPolicy;
  peer: Peer = initialPeer();
  /** Timers that run, by connection. */
  readonly timers = new Set<string>();
  readonly transports = new Map<number, Transport>();
  dials = 0;
  /** Transport that an `accepted` input will adopt. */
  adopting: Transport | null = null;
  up = 0;

  constructor(routerId: string) {
    this.routerId = routerId;
    this.policy = { ...POLICY, localAsn: 64512, localRouterId: routerId };
  }
}

class World {
  readonly a: Speaker;
  readonly b: Speaker;
  readonly transports: Transport[] = [];
  /** SYNs on their way. */
  readonly dialing: { readonly from: Speaker; readonly id: number }[] = [];

  constructor(a: string, b: string) {
    this.a = new Speaker(a);
    this.b = new Speaker(b);
    for (const speaker of [this.a, this.b])
      this.feed(speaker, { kind: 'all', event: { name: 'ManualStart' } });
  }

  other(speaker: Speaker): Speaker {
    return speaker === this.a ? this.b : this.a;
  }

  feed(speaker: Speaker, input: PeerInput): void {
    const { next, effects } = peerTransition(speaker.peer, input, speaker.policy);
    speaker.peer = next;
    for (const item of effects) {
      if (item.kind === 'adopt') this.#adopt(speaker, item.connection);
      else if (item.kind === 'release') this.#end(speaker, item.connection, null);
      else this.#perform(speaker, item.connection, item.effect);
    }
  }

  #adopt(speaker: Speaker, id: number): void {
    const transport = speaker.adopting!;
    speaker.adopting = null;
    speaker.transports.set(id, transport);
    transport.ids.set(speaker, id);
  }

  #perform(speaker: Speaker, id: number, effect: Effect): void {
    switch (effect.kind) {
      case 'dial':
        this.dialing.push({ from: speaker, id });
        break;
      case 'send':
        speaker.transports.get(id)!.inFlight.get(speaker)!.push(effect.message);
        break;
      case 'close':
        this.#end(speaker, id, effect.reason);
        break;
      case 'sessionUp':
        speaker.up++;
        break;
      case 'sessionDown':
        speaker.up--;
        break;
      case 'startTimer':
        if (effect.timer === 'connectRetry' || effect.timer === 'idleHold')
          speaker.timers.add(`${id} ${effect.timer}`);
        break;
      case 'stopTimer':
        speaker.timers.delete(`${id} ${effect.timer}`);
        break;
      case 'stopAllTimers':
        for (const timer of ['connectRetry', 'idleHold']) speaker.timers.delete(`${id} ${timer}`);
    }
  }

  #end(speaker: Speaker, id: number, reason: EndReason | null): void {
    const dial = this.dialing.findIndex((one) => one.from === speaker && one.id === id);
    if (dial >= 0) this.dialing.splice(dial, 1);
    const transport = speaker.transports.get(id);
    speaker.transports.delete(id);
    if (transport === undefined || transport.closed.has(speaker)) return;
    transport.closed.add(speaker);
    if (reason?.kind === 'collision') transport.inFlight.get(speaker)!.push('collision');
    transport.inFlight.get(speaker)!.push('closed');
  }

  /** Everything that may happen next. Timers only fire when nothing else is under way. */
  choices(): (() => void)[] {
    const choices: (() => void)[] = [];
    for (const dial of this.dialing) choices.push(() => this.#connect(dial));
    for (const transport of this.transports) {
      for (const sender of [this.a, this.b]) {
        if (transport.inFlight.get(sender)!.length > 0) choices.push(() => this.#deliver(transport, sender));
      }
    }
    if (choices.length > 0) return choices;
    for (const speaker of [this.a, this.b]) {
      for (const timer of speaker.timers) choices.push(() => this.#fire(speaker, timer));
    }
    return choices;
  }

  #connect(dial: { readonly from: Speaker; readonly id: number }): void {
    this.dialing.splice(this.dialing.indexOf(dial), 1);
    const { from, id } = dial;
    const to = this.other(from);
    const transport: Transport = {
      ids: new Map([[from, id]]),
      inFlight: new Map([
        [from, []],
        [to, []],
      ]),
      closed: new Set(),
    };
    this.transports.push(transport);
    from.transports.set(id, transport);
    from.dials++;
    to.adopting = transport;
    this.feed(to, { kind: 'accepted' });
    this.feed(from, { kind: 'event', connection: id, event: { name: 'TcpCrAcked' } });
  }

  #deliver(transport: Transport, sender: Speaker): void {
    const message = transport.inFlight.get(sender)!.shift()!;
    const reader = this.other(sender);
    if (transport.closed.has(reader)) return;
    const connection = transport.ids.get(reader)!;
    this.feed(reader, { kind: 'event', connection, event: this.#eventOf(message, sender) });
  }

  #eventOf(message: Message, sender: Speaker): FsmEvent {
    switch (message) {
      case 'open':
        return { name: 'BgpOpen', session: { ...SESSION, peerRouterId: sender.routerId } };
      case 'keepalive':
        return { name: 'KeepAliveMsg' };
      case 'collision': {
        const { code, subcode, data } = cease.connectionCollision();
        return { name: 'NotifMsg', notification: received(code, subcode, data) };
      }
      case 'closed':
        return { name: 'TcpConnectionFails', text: 'connection closed by peer' };
    }
  }

  #fire(speaker: Speaker, timer: string): void {
    speaker.timers.delete(timer);
    const [id, name] = timer.split(' ');
    const event: FsmEvent = {
      name: name === 'idleHold' ? 'IdleHoldTimerExpires' : 'ConnectRetryTimerExpires',
    };
    this.feed(speaker, { kind: 'event', connection: Number(id), event });
  }
}

describe('two speakers that dial each other', () => {
  test('always agree on one session, in whatever order things happen', () => {
    const ids = fc.constantFrom(['10.0.0.1', '10.0.0.2'], ['10.0.0.2', '10.0.0.1']);
    fc.assert(
      fc.property(ids, fc.array(fc.nat(), { minLength: 300, maxLength: 300 }), ([a, b], picks) => {
        const world = new World(a!, b!);
        for (const pick of picks) {
          const choices = world.choices();
          if (choices.length === 0) break;
          choices[pick % choices.length]!();
          for (const speaker of [world.a, world.b]) {
            expect(speaker.up).toBe(speaker.peer.main.state === 'Established' ? 1 : 0);
            expect([undefined, 'OpenSent', 'OpenConfirm']).toContain(speaker.peer.second?.state);
          }
        }
        expect(world.choices()).toHaveLength(0);
        for (const speaker of [world.a, world.b]) {
          expect(speaker.peer.main.state).toBe('Established');
          expect(speaker.peer.second).toBeNull();
        }
        const session = world.a.transports.get(world.a.peer.main.id);
        expect(session).toBeDefined();
        expect(world.b.transports.get(world.b.peer.main.id)).toBe(session);
      }),
      { numRuns: 500 },
    );
  });

  /** Where one end is Established before the other has seen both OPENs, RFC 4271 §6.8 itself loses both sessions. */
  test('rarely need to dial anew: the collision is resolved the same way at both ends', () => {
    const orders = fc.sample(fc.array(fc.nat(), { minLength: 300, maxLength: 300 }), {
      numRuns: 1000,
      seed: 7,
    });
    const dials = orders.map((picks) => {
      const world = new World('10.0.0.1', '10.0.0.2');
      for (const pick of picks) {
        const choices = world.choices();
        if (choices.length === 0) break;
        choices[pick % choices.length]!();
      }
      return world.a.dials + world.b.dials;
    });
    expect(Math.max(...dials)).toBeLessThanOrEqual(3);
    expect(dials.filter((count) => count === 3).length).toBeLessThan(120);
  });
});
