/**
 * Graceful restart (RFC 4724, RFC 8538): what of an ended session outlives it, and with which words a session ends.
 *
 * A peer's routes are kept where it has said that it goes on forwarding, and the session ended without a NOTIFICATION, or
 * with one that both ends have agreed to survive. Whoever means that nothing is to be kept says Hard Reset.
 *
 * Beyond the RFCs: an expired hold timer ends with a Hard Reset. The peer has said nothing for 90 s; its node is gone
 * more often than its BGP alone.
 */
import type { EndReason } from '../fsm/reason.ts';
import type { Family } from '../net/index.ts';
import { CeaseSubcode, ErrorCode } from '../packet/iana.ts';
import type { NegotiatedSession } from '../packet/negotiate.ts';
import { cease, type Notification } from '../packet/notification.ts';
import { notificationFor } from './end-reason.ts';

/** What this speaker says of its own restart in OPEN. */
export interface RestartState {
  /** It has restarted, and has not yet got the routes of its peers (R bit). */
  readonly isRestarting: boolean;
  /** What it forwarded before it (re)started is forwarded still (F bit). */
  readonly preservesForwarding: boolean;
  /** Families are offered at all: the forwarding of this node goes on without the speaker. */
  readonly isOffered: boolean;
}

/** Capability without families, as RFC 4724 §3 has it for those that only help. */
export const NO_RESTART: RestartState = {
  isRestarting: false,
  preservesForwarding: false,
  isOffered: false,
};

/** Families whose routes are kept after this end (RFC 4724 §4.2, RFC 8538 §4). */
export function retainedFamilies(
  reason: EndReason,
  { gracefulRestart }: NegotiatedSession,
): readonly Family[] {
  if (gracefulRestart === null || gracefulRestart.restartTimeSec === 0) return [];
  const { families, survivesNotification } = gracefulRestart;
  switch (reason.kind) {
    case 'connectionLost':
      return families;
    case 'collision':
    case 'connectTimedOut':
      return [];
    case 'notificationReceived':
      return survivesNotification && !isHardReset(reason.notification) ? families : [];
    default: {
      const notification = notificationFor(reason);
      if (notification === null) return [];
      return survivesNotification && !meansEnd(notification) ? families : [];
    }
  }
}

/** The NOTIFICATION as it is sent: within a Hard Reset where it is to end more than the session (RFC 8538 §3.1). */
export function lastWords(notification: Notification, session: NegotiatedSession | null): Notification {
  return meansEnd(notification) ? finalWords(notification, session) : notification;
}

/** Within a Hard Reset, whatever it is. */
export function finalWords(notification: Notification, session: NegotiatedSession | null): Notification {
  const survives = session?.gracefulRestart?.survivesNotification === true;
  return survives && !isHardReset(notification) ? cease.hardReset(notification) : notification;
}

/** What a speaker says that is stopped to be started again: nothing to those that would take a NOTIFICATION for the end. */
export function goodbye(notification: Notification, session: NegotiatedSession | null): Notification | null {
  const restart = session?.gracefulRestart ?? null;
  if (restart === null || !restart.isPreservedByUs || restart.survivesNotification) return notification;
  return null;
}

/** The peer's routes are not to be kept, nor ours by the peer. */
function meansEnd({ code, subcode }: Notification): boolean {
  if (code === ErrorCode.HoldTimerExpired || code === ErrorCode.SendHoldTimerExpired) return true;
  return code === ErrorCode.Cease && FINAL.has(subcode);
}

const FINAL: ReadonlySet<number> = new Set([
  CeaseSubcode.MaximumPrefixes,
  CeaseSubcode.OutOfResources,
  CeaseSubcode.HardReset,
]);

function isHardReset({ code, subcode }: Notification): boolean {
  return code === ErrorCode.Cease && subcode === CeaseSubcode.HardReset;
}
