/** What the route calculator needs of the agent's configuration. */
import type { AgentConfig } from '../agent-api.ts';
import type { OverlayConfig } from './overlay.ts';
import type { ClaimsConfig } from './own-claims.ts';
import type { RemoteConfig } from './remote-claims.ts';

export type CalculatorConfig = ClaimsConfig &
  RemoteConfig &
  OverlayConfig &
  Pick<AgentConfig, 'pools' | 'programmed' | 'routeProtocol' | 'routePriority' | 'workloadSource'>;

/** Before the first configuration. */
export const NO_CONFIG: CalculatorConfig = {
  workloads: [],
  workloadSource: { ipv4: null, ipv6: null },
  blocks: [],
  pools: [],
  serviceRanges: [],
  gatewayRoutes: [],
  addresses: { ipv4: null, ipv6: null },
  tunnels: { ipip: null, vxlan: { ipv4: null, ipv6: null } },
  remoteNodes: [],
  remotePrefixes: [],
  programmed: { ipip: true, noEncapsulation: true },
  routeProtocol: 0,
  routePriority: { ipv4: 0, ipv6: 0 },
};

/** True when no number that every route carries is another one. */
export function hasSameNumbers(a: CalculatorConfig, b: CalculatorConfig): boolean {
  return (
    a.routeProtocol === b.routeProtocol &&
    a.routePriority.ipv4 === b.routePriority.ipv4 &&
    a.routePriority.ipv6 === b.routePriority.ipv6
  );
}
