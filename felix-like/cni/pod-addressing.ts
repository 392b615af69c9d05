/** How a pod is connected to its node: as with Calico, host addresses only, and a gateway that every pod shares. */
import { createHash } from 'node:crypto';
import type { PodRoute } from '../kernel/pod-network-port.ts';
import type { PodIdentity } from './cni-request.ts';

/** Of the node's end of every pod. */
export const HOST_MAC = 'ee:ee:ee:ee:ee:ee';
/** Nobody's address: the node answers for it (proxy ARP), and pods know its link layer address anyhow. */
export const GATEWAY_IPV4 = '169.254.1.1';
/** Made from HOST_MAC (RFC 4291, appendix A). */
export const GATEWAY_IPV6 = 'fe80::ecee:eeff:feee:eeee';

/** @param addresses host prefixes of the pod */
export function podRoutes(addresses: readonly string[]): readonly PodRoute[] {
  const routes: PodRoute[] = [];
  if (addresses.some(isIpv4)) {
    routes.push({ prefix: `${GATEWAY_IPV4}/32`, gateway: null });
    routes.push({ prefix: '0.0.0.0/0', gateway: GATEWAY_IPV4 });
  }
  if (!addresses.every(isIpv4)) routes.push({ prefix: '::/0', gateway: GATEWAY_IPV6 });
  return routes;
}

export function gatewayNeighbours(
  addresses: readonly string[],
): readonly { readonly address: string; readonly mac: string }[] {
  return [
    ...(addresses.some(isIpv4) ? [{ address: GATEWAY_IPV4, mac: HOST_MAC }] : []),
    ...(addresses.every(isIpv4) ? [] : [{ address: GATEWAY_IPV6, mac: HOST_MAC }]),
  ];
}

/** As Calico names it: prefix and eleven digits of SHA-1 over `namespace.pod`; of the container for others. */
export function hostInterfaceName(prefix: string, pod: PodIdentity | null, containerId: string): string {
  const identity = pod === null ? containerId : `${pod.namespace}.${pod.name}`;
  return prefix + createHash('sha1').update(identity).digest('hex').slice(0, 11);
}

function isIpv4(prefix: string): boolean {
  return !prefix.includes(':');
}
