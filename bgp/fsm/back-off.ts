/**
 * How long to wait before a session is tried again. A peer that is merely away (refused, closed, restarted) is
 * tried again soon; one with which we disagree is left in peace, longer each time (RFC 4271 §8.1, damping of
 * peer oscillations).
 */
import type { EndReason } from './reason.ts';

const SOON_MS = 1_000;
const BASE_MS = 5_000;
const MAX_MS = 60_000;

/** From this many disagreements in a row on, connections of the peer's are refused while IdleHoldTimer runs. */
const DAMPED_FROM = 3;

/** RFC 4486: subcodes of Cease by which a healthy peer says goodbye for a while. */
const CEASE = 6;
const MAXIMUM_PREFIXES = 1;
const CLEAN_CEASE: ReadonlySet<number> = new Set([2, 3, 4, 6, 7, 9]);

/** Pause between two dials: 1, 2, 4, then 5 s. `failures` counts from 1. */
export function connectRetryMs(failures: number): number {
  return Math.min(BASE_MS, SOON_MS * 2 ** (failures - 1));
}

/**
 * Pause after a session or an attempt at one. `failures` counts the ends since the last session that proved
 * stable, this one included. A peer that merely went: 1, 2, 4 … 60 s; after a disagreement: 5, 10, 20, 40, 60 s.
 */
export function idleHoldMs(reason: EndReason, failures: number): number {
  const base = isDisagreement(reason) ? BASE_MS : SOON_MS;
  return Math.min(MAX_MS, base * 2 ** Math.max(0, failures - 1));
}

/** False for an end that we wanted: it says nothing about the peer. */
export function isFailure(reason: EndReason): boolean {
  if (reason.kind === 'collision') return false;
  return reason.kind !== 'stopped' || isDisagreement(reason);
}

/** We ended the session because the peer announced more prefixes than it may. */
export function isPrefixLimit(reason: EndReason): boolean {
  if (reason.kind !== 'stopped' || reason.notification === null) return false;
  return reason.notification.code === CEASE && reason.notification.subcode === MAXIMUM_PREFIXES;
}

/**
 * Whether the peer is refused in Idle after this end (RFC 4271 §8.2.2: in Idle all incoming connections are refused).
 * One that merely went, or that we disagreed with for the first or second time, is let in: the quickest way back.
 */
export function refusesInIdle(reason: EndReason, failures: number): boolean {
  return isPrefixLimit(reason) || (isDisagreement(reason) && failures >= DAMPED_FROM);
}

/** True for an end that will probably repeat itself if we come back at once. */
function isDisagreement(reason: EndReason): boolean {
  switch (reason.kind) {
    case 'connectionLost':
    case 'connectTimedOut':
    case 'collision':
      return false;
    case 'stopped':
      return reason.notification !== null && !isCleanCease(reason.notification);
    case 'notificationReceived':
      return !isCleanCease(reason.notification);
    default:
      return true;
  }
}

function isCleanCease({ code, subcode }: { readonly code: number; readonly subcode: number }): boolean {
  return code === CEASE && CLEAN_CEASE.has(subcode);
}
