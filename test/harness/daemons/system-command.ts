/** Where the routing daemons of Debian are: two of them are called `bgpd`. */
import { findCommand } from '../../support/requirements.ts';

export const FRR_BGPD = '/usr/lib/frr/bgpd';
export const OPENBGPD = '/usr/sbin/bgpd';

/** Absolute path of an executable. @throws Error when the machine does not have it. */
export function systemCommand(name: string): string {
  const path = findCommand(name);
  if (path === null) throw new Error(`${name} is not installed`);
  return path;
}
