/** Linux capabilities of this process. */
import { readFileSync } from 'node:fs';

const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;

/** True when this process may change routes, links and addresses. */
export function hasNetAdmin(statusText?: string): boolean {
  return isEffective(CAP_NET_ADMIN, statusText);
}

/** True when this process may enter other network namespaces. */
export function hasSysAdmin(statusText?: string): boolean {
  return isEffective(CAP_SYS_ADMIN, statusText);
}

/** @param statusText of /proc/self/status */
function isEffective(capability: bigint, statusText = readFileSync('/proc/self/status', 'utf8')): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(statusText)?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> capability) & 1n) === 1n;
}
