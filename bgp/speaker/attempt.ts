/** The last connection that failed. */
import type { EndReason } from '../fsm/reason.ts';
import type { TransportFacts } from './connection-driver.ts';
import type { DroppedSegments } from './socket/kernel-counters.ts';
import type { SessionError } from './speaker-status.ts';

/** With everything that hints at why. */
export interface Attempt {
  readonly reason: EndReason;
  readonly error: SessionError;
  readonly wasConnected: boolean;
  readonly wasEstablished: boolean;
  readonly facts: TransportFacts;
  /** What the kernel dropped while it lasted. */
  readonly drops: DroppedSegments;
}

/** Code 0 is what we show where there was none; but a peer may send even that. */
export function hasNotification(reason: EndReason, error: SessionError): boolean {
  return error.code !== 0 || reason.kind === 'notificationReceived';
}
