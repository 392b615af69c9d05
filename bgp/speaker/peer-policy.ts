/** What the machine of a peer needs to know of its settings. */
import { connectRetryMs, idleHoldMs, isPrefixLimit } from '../fsm/back-off.ts';
import type { PeerPolicy } from '../fsm/peer-fsm.ts';
import type { SessionSettings } from './session-settings.ts';

/** RFC 4271 §8.2.2 suggests four minutes for the hold timer in OpenSent. */
const OPEN_HOLD_MS = 240_000;
/** A client has dialed us to say OPEN. */
const CLIENT_OPEN_HOLD_MS = 60_000;
/** The kernel alone would take minutes, and longer where a key keeps it from believing a refusal. */
const CONNECT_TIMEOUT_MS = 5_000;

/** @param isHeld the peer is kept down, for whatever reason */
export function peerPolicy(settings: SessionSettings, isHeld: boolean): PeerPolicy {
  const { passive, kind, localAsn, routerId, prefixLimitHoldMs } = settings;
  return {
    passive,
    restarts: kind !== 'dynamic' && !isHeld,
    openHoldMs: kind === 'dynamic' ? CLIENT_OPEN_HOLD_MS : OPEN_HOLD_MS,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    connectRetryMs,
    idleHoldMs: (reason, failures) =>
      isPrefixLimit(reason) ? prefixLimitHoldMs : idleHoldMs(reason, failures),
    localAsn,
    localRouterId: routerId,
  };
}
