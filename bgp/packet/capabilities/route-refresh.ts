/** Route refresh in its three codes: RFC 2918, its predecessor of code 128, and RFC 7313. None has a value. */
import { CapabilityCode } from '../iana.ts';
import {
  type EnhancedRouteRefreshCapability,
  flagCapability,
  type RouteRefreshCapability,
  type RouteRefreshCiscoCapability,
} from './capability.ts';

export const routeRefresh = flagCapability<RouteRefreshCapability>(
  'routeRefresh',
  CapabilityCode.RouteRefresh,
  'route refresh',
);

export const routeRefreshCisco = flagCapability<RouteRefreshCiscoCapability>(
  'routeRefreshCisco',
  CapabilityCode.RouteRefreshCisco,
  'route refresh (old)',
);

export const enhancedRouteRefresh = flagCapability<EnhancedRouteRefreshCapability>(
  'enhancedRouteRefresh',
  CapabilityCode.EnhancedRouteRefresh,
  'enhanced route refresh',
);
