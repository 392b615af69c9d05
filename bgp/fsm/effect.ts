/** Effects that leave a connection's machine; the driver performs them in order. */
import type { NegotiatedSession } from '../packet/negotiate.ts';
import type { EndReason } from './reason.ts';

/** A connection has at most one of each. */
export type TimerName = 'connectRetry' | 'hold' | 'keepalive' | 'idleHold';

/**
 * Timers that the driver shortens by a random factor of 0.75 to 1 (RFC 4271 §10), so that a thousand speakers
 * that began together do not stay in step. The hold timer is a promise to the peer and keeps its time.
 */
export const JITTERED: Readonly<Record<TimerName, boolean>> = {
  connectRetry: true,
  hold: false,
  keepalive: true,
  idleHold: true,
};

export type Effect =
  /** Opens a transport connection; TcpCrAcked or TcpConnectionFails follows. */
  | { readonly kind: 'dial' }
  | { readonly kind: 'send'; readonly message: 'open' | 'keepalive' }
  /** Sends the NOTIFICATION that the reason calls for, if any, and closes the transport or gives up dialing. */
  | { readonly kind: 'close'; readonly reason: EndReason }
  /** Starts or restarts. */
  | { readonly kind: 'startTimer'; readonly timer: TimerName; readonly ms: number }
  | { readonly kind: 'stopTimer'; readonly timer: TimerName }
  | { readonly kind: 'stopAllTimers' }
  /** Framing goes by what was negotiated from here on. */
  | { readonly kind: 'negotiated'; readonly session: NegotiatedSession }
  /** Established. */
  | { readonly kind: 'sessionUp'; readonly session: NegotiatedSession }
  /** Established no more: exactly once for each sessionUp. */
  | { readonly kind: 'sessionDown'; readonly reason: EndReason }
  /** A connection ended that never was Established. */
  | { readonly kind: 'attemptFailed'; readonly reason: EndReason };
