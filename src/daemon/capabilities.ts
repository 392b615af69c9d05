/** Linux capabilities of this process. */
import { readFileSync } from 'node:fs';

const CAP_NET_ADMIN = 12n;

/** True when the effective set of `statusText` (of /proc/self/status) holds CAP_NET_ADMIN. */
export function hasNetAdmin(statusText = readFileSync('/proc/self/status', 'utf8')): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(statusText)?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> CAP_NET_ADMIN) & 1n) === 1n;
}
