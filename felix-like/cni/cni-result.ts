/** Results and errors as the CNI specification (sections 5 "Success" and "Error") writes them, in each version. */
import type { PodRoute } from '../kernel/pod-network-port.ts';
import type { CniError } from './cni-error.ts';
import { CNI_VERSIONS, type CniVersion } from './network-config.ts';
import { HOST_MAC } from './pod-addressing.ts';

export interface AddResult {
  readonly hostInterface: string;
  readonly ifName: string;
  readonly netns: string;
  readonly podMac: string;
  readonly mtu: number;
  readonly addresses: readonly string[];
  readonly routes: readonly PodRoute[];
  readonly dns: Readonly<Record<string, unknown>>;
}

/** Scope of a route whose destination is on the link (rtnetlink(7), RT_SCOPE_LINK). */
const SCOPE_LINK = 253;

export function formatAddResult(version: CniVersion, result: AddResult): string {
  const { hostInterface, ifName, netns, podMac, mtu, addresses, routes, dns } = result;
  const isOneDotOne = version === '1.1.0';
  const mtuField = isOneDotOne ? { mtu } : {};
  const hasIpVersion = CNI_VERSIONS.indexOf(version) < CNI_VERSIONS.indexOf('1.0.0');
  return line({
    cniVersion: version,
    interfaces: [
      { name: hostInterface, mac: HOST_MAC, ...mtuField },
      { name: ifName, mac: podMac, ...mtuField, sandbox: netns },
    ],
    ips: addresses.map((address) => ({
      ...(hasIpVersion ? { version: address.includes(':') ? '6' : '4' } : {}),
      address,
      interface: 1,
    })),
    routes: routes.map(({ prefix, gateway }) => ({
      dst: prefix,
      ...(gateway === null ? {} : { gw: gateway }),
      ...(gateway === null && isOneDotOne ? { scope: SCOPE_LINK } : {}),
    })),
    dns,
  });
}

export function formatError(version: CniVersion, error: CniError): string {
  const { code, message: msg, details } = error;
  return line({ cniVersion: version, code, msg, ...(details === '' ? {} : { details }) });
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
