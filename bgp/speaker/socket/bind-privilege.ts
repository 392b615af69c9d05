/**
 * Binding a port below 1024 as a user other than root. The file of the runtime may give its process
 * CAP_NET_BIND_SERVICE as permitted (that of our image does); it is in effect only for the call that needs it.
 */
import { capget, capset } from './libc.ts';

/** `_LINUX_CAPABILITY_VERSION_3` */
const VERSION = 0x20080522;
const NET_BIND_SERVICE = 1 << 10;

/** Calls `act`, and once more with the capability where it failed for want of it. @throws what `act` throws */
export function withBindPrivilege(act: () => void): void {
  try {
    act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES' || !setEffective(true)) throw error;
    try {
      act();
    } finally {
      setEffective(false);
    }
  }
}

/** Of this thread. @returns false where it is not permitted */
function setEffective(isWanted: boolean): boolean {
  const header = Uint32Array.of(VERSION, 0);
  /** Two groups of 32 capabilities, each effective, permitted, inheritable. */
  const groups = new Uint32Array(6);
  if (capget(header, groups) !== 0 || (groups[1]! & NET_BIND_SERVICE) === 0) return false;
  groups[0] = isWanted ? groups[0]! | NET_BIND_SERVICE : groups[0]! & ~NET_BIND_SERVICE;
  return capset(header, groups) === 0;
}
