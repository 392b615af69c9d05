/** Effects that leave a connection's machine; the driver performs them in order. */
import type { NegotiatedSession } from '../packet/negotiate.ts';
import type { EndReason } from './reason.ts';

/** A connection has at most one of each. */
export type TimerName = 'connectRetry' | 'hold' | 'keepalive' | 'idleHold';

/**
 * Timers that the driver shortens by a random factor of 0.75 to 1 (RFC 4271 §10), so that a thousand speakers
 * that began together do not stay in step. The hold timer is a promise to the peer and keeps its time.
 */
const JITTERED: Readonly<Record<TimerName, boolean>> = {
  connectRetry: true,
  hold: false,
  keepalive: true,
  idleHold: true,
};

/** RFC 4271 §4.4: KEEPALIVEs must not be sent more frequently than one per second. */
const LEAST_KEEPALIVE_MS = 1_000;

/** @param random in [0, 1) */
export function timerMs(timer: TimerName, ms: number, random: number): number {
  const jittered = JITTERED[timer] ? ms * (0.75 + 0.25 * random) : ms;
  return timer === 'keepalive' ? Math.max(LEAST_KEEPALIVE_MS, jittered) : jittered;
}

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
