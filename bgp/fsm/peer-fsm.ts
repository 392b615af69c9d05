/**
 * The machine of one peer: up to two connections at a time, and which of them lives (RFC 4271 §6.8 and §8.2.1:
 * one FSM for the peering, one more for each incoming connection). Pure.
 *
 * `main` is the connection that dials, or the session once there is one. `second` is a connection that the peer
 * opened beside it, or the dialed one that an Established `second` has overtaken and whose OPEN is still to come.
 *
 * Invariants: `second`, if there, is OpenSent or OpenConfirm; at most one connection is Established, and then it
 * is `main`.
 */
import { resolveCollision } from './collision.ts';
import { acceptedConnection, type Connection, type ConnectionPolicy, idleConnection } from './connection.ts';
import type { Effect } from './effect.ts';
import type { EventOf, FsmEvent } from './event.ts';
import { advance, isTalking, type State } from './state.ts';
import { transition } from './transition.ts';

export interface Peer {
  readonly main: Connection;
  readonly second: Connection | null;
  readonly nextId: number;
}

export interface PeerPolicy extends ConnectionPolicy {
  readonly localAsn: number;
  /** Dotted quad. */
  readonly localRouterId: string;
}

export type PeerInput =
  /** Something happened to one connection; stale ids are ignored. */
  | { readonly kind: 'event'; readonly connection: number; readonly event: FsmEvent }
  /** The listener has accepted a connection of this peer. */
  | { readonly kind: 'accepted' }
  /** Start or stop the peer as a whole. */
  | {
      readonly kind: 'all';
      readonly event: EventOf<
        'ManualStart' | 'ManualStartWithPassiveTcpEstablishment' | 'ManualStop' | 'AutomaticStop'
      >;
    };

export type PeerEffect =
  | { readonly kind: 'connection'; readonly connection: number; readonly effect: Effect }
  /** The accepted transport belongs to this new connection. */
  | { readonly kind: 'adopt'; readonly connection: number }
  /** The connection is over: nothing refers to it any more. */
  | { readonly kind: 'release'; readonly connection: number };

export interface PeerTransition {
  readonly next: Peer;
  readonly effects: readonly PeerEffect[];
}

export function initialPeer(): Peer {
  return Object.freeze({ main: idleConnection(1), second: null, nextId: 2 });
}

/** The state to show for the peer: that of the connection that has come further. */
export function peerState({ main, second }: Peer): State {
  return second !== null && advance(second.state) > advance(main.state) ? second.state : main.state;
}

export function peerTransition(peer: Peer, input: PeerInput, policy: PeerPolicy): PeerTransition {
  const step = new Step(peer, policy);
  switch (input.kind) {
    case 'accepted':
      step.accept();
      break;
    case 'all':
      step.everywhere(input.event);
      break;
    default:
      step.event(input.connection, input.event);
  }
  return step.result();
}

/** One step under way: gathers effects while it moves the connections. Lives for one call. */
class Step {
  #main: Connection;
  #second: Connection | null;
  #nextId: number;
  readonly #policy: PeerPolicy;
  readonly #effects: PeerEffect[] = [];

  constructor(peer: Peer, policy: PeerPolicy) {
    this.#main = peer.main;
    this.#second = peer.second;
    this.#nextId = peer.nextId;
    this.#policy = policy;
  }

  result(): PeerTransition {
    const next = { main: this.#main, second: this.#second, nextId: this.#nextId };
    return Object.freeze({ next: Object.freeze(next), effects: this.#effects });
  }

  /** A peer that opens a connection anew has given up one that it opened before and that is not Established. */
  accept(): void {
    if (this.#second !== null) this.#apply(this.#second.id, { name: 'OpenCollisionDump' });
    const connection = acceptedConnection(this.#nextId++);
    this.#second = connection;
    this.#effects.push({ kind: 'adopt', connection: connection.id });
    this.#apply(connection.id, { name: 'TcpConnectionConfirmed' });
  }

  everywhere(event: FsmEvent): void {
    if (this.#second !== null) this.#apply(this.#second.id, event);
    this.#apply(this.#main.id, event);
  }

  event(id: number, event: FsmEvent): void {
    if (event.name === 'BgpOpen' && !this.#survivesCollision(id, event)) {
      this.#apply(id, { name: 'OpenCollisionDump' });
    } else {
      this.#apply(id, event);
    }
  }

  /** Resolves a collision of the connection that has just got OPEN with the other one, if there is a collision. */
  #survivesCollision(id: number, { session }: EventOf<'BgpOpen'>): boolean {
    const own = this.#find(id);
    const other = id === this.#main.id ? this.#second : this.#main;
    if (own?.state !== 'OpenSent' || other === null) return true;
    if (other.state !== 'OpenConfirm' && other.state !== 'Established') return true;
    const verdict = resolveCollision({
      localRouterId: this.#policy.localRouterId,
      localAsn: this.#policy.localAsn,
      peerRouterId: session.peerRouterId,
      peerAsn: session.peerAsn,
      newInitiator: own.initiator,
      existingInitiator: other.initiator,
      existingState: other.state,
      existingPreservesForwarding: other.session?.preservesForwarding ?? false,
    });
    if (verdict === 'closeNew') return false;
    this.#apply(
      other.id,
      verdict === 'closeExisting'
        ? { name: 'OpenCollisionDump' }
        : { name: 'TcpConnectionFails', text: 'replaced by a new connection of the restarted peer' },
    );
    return true;
  }

  #find(id: number): Connection | null {
    if (this.#main.id === id) return this.#main;
    return this.#second?.id === id ? this.#second : null;
  }

  /** Gives the event to one connection and puts the two back into order. */
  #apply(id: number, event: FsmEvent): void {
    const connection = this.#find(id);
    if (connection === null) return;
    const isMain = id === this.#main.id;
    const heir = isMain ? this.#second : this.#main;
    const hasHeir = heir !== null && isTalking(heir.state);
    const mayRestart = this.#policy.restarts && isMain && !hasHeir;
    const { next, effects } = transition(connection, event, { ...this.#policy, restarts: mayRestart });
    for (const effect of effects) this.#effects.push({ kind: 'connection', connection: id, effect });
    if (isMain) this.#main = next;
    else this.#second = next;
    this.#settle();
  }

  #settle(): void {
    const second = this.#second;
    if (second === null) return;
    if (second.state === 'Idle' || second.state === 'Active') {
      this.#release(second.id);
      this.#second = null;
    } else if (this.#main.state === 'Idle') {
      this.#silence(this.#main.id);
      this.#promote(second, null);
    } else if (second.state === 'Established') {
      this.#overtake(second);
    }
  }

  /** `second` is the session now. A dial under way ends; an OPEN under way is awaited and then loses (§6.8). */
  #overtake(second: Connection): void {
    const former = this.#main;
    if (isTalking(former.state)) {
      this.#promote(second, former);
    } else {
      this.#silence(former.id);
      this.#promote(second, null);
    }
  }

  /** The count of failures belongs to the peer and outlives the connection. */
  #promote(second: Connection, remaining: Connection | null): void {
    this.#main = Object.freeze({ ...second, failures: this.#main.failures });
    this.#second = remaining;
  }

  /** Ends a connection that has not spoken yet. */
  #silence(id: number): void {
    this.#effects.push(
      { kind: 'connection', connection: id, effect: { kind: 'stopAllTimers' } },
      {
        kind: 'connection',
        connection: id,
        effect: { kind: 'close', reason: { kind: 'stopped', notification: null } },
      },
    );
    this.#release(id);
  }

  #release(connection: number): void {
    this.#effects.push({ kind: 'release', connection });
  }
}
