/** The request behind `manul peer reset`. */

export const RESET_PATH = '/control/v1/peer/reset';

/** Octets of a shutdown communication (RFC 9003 §2). */
export const MAX_MESSAGE_BYTES = 255;

export interface ResetRequest {
  readonly name: string;
  /** Shutdown communication for the peer. */
  readonly message?: string;
}
