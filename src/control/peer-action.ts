/** The requests behind `manul peer reset|disable|enable`. */

export const PEER_ACTIONS = ['reset', 'disable', 'enable'] as const;
export type PeerAction = (typeof PEER_ACTIONS)[number];

export const SOFT_DIRECTIONS = ['in', 'out'] as const;
export type SoftDirection = (typeof SOFT_DIRECTIONS)[number];

/** Octets of a shutdown communication (RFC 9003 §2). */
export const MAX_MESSAGE_BYTES = 255;

export function actionPath(action: PeerAction): string {
  return `/control/v1/peer/${action}`;
}

export interface PeerActionRequest {
  readonly name: string;
  /** Shutdown communication for the peer: of a hard reset, or of disabling it. */
  readonly message?: string;
  /** Reset without ending the session: routes are asked for, or sent, again. */
  readonly soft?: SoftDirection;
}
