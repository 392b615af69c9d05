/** Protections of the transport connection that a session may ask for. */
import type { SessionConfig } from '../speaker-config.ts';

/**
 * Why a session cannot come up as it was asked for, or null. It must never come up *without* what was asked
 * for: it is held instead.
 */
export function unsupportedSecurity({
  password,
  ttlSecurity,
}: Pick<SessionConfig, 'password' | 'ttlSecurity'>): string | null {
  if (password !== null) return 'TCP MD5 is not supported yet';
  return ttlSecurity === null ? null : 'TTL security is not supported yet';
}
