/** Service addresses that the node announces (calico-node's rules): whole ranges, and single addresses by policy. */
import {
  addressBits,
  addressFamily,
  contains,
  type Family,
  formatPrefix,
  type Prefix,
  parsePrefix,
} from '@manul/bgp/net';
import type { EndpointSlice, Service } from '../schema/resource-set.ts';
import type { OriginatedRoute } from './originated.ts';
import type { RenderContext } from './render-context.ts';

const EXCLUDED_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';
const CONFIGURATION = 'BGPConfiguration/default';
const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'];

/** The configured ranges. */
export interface ServiceRanges {
  readonly cluster: readonly Prefix[];
  /** Resource or flag that `cluster` comes from. */
  readonly clusterFrom: string;
  readonly external: readonly Prefix[];
  readonly loadBalancer: readonly Prefix[];
  /** Load balancer ranges are announced whole. */
  readonly aggregated: boolean;
}

export function serviceRanges({ settings, options }: RenderContext): ServiceRanges {
  const { serviceClusterIPs, serviceExternalIPs, serviceLoadBalancerIPs, serviceLoadBalancerAggregation } =
    settings.cluster;
  const given = options.advertiseClusterIps;
  return {
    cluster:
      given?.flatMap((text) => parsePrefix(text) ?? []) ?? (serviceClusterIPs ?? []).map(({ cidr }) => cidr),
    clusterFrom: given == null ? CONFIGURATION : '--advertise-cluster-ips',
    external: (serviceExternalIPs ?? []).map(({ cidr }) => cidr),
    loadBalancer: (serviceLoadBalancerIPs ?? []).map(({ cidr }) => cidr),
    aggregated: serviceLoadBalancerAggregation !== 'Disabled',
  };
}

export function serviceRoutes(context: RenderContext): OriginatedRoute[] {
  const ranges = serviceRanges(context);
  const { cluster, external, loadBalancer, aggregated } = ranges;
  if (cluster.length + external.length + loadBalancer.length === 0) return [];
  if (context.self.labels[EXCLUDED_LABEL] === 'true') return [];
  const whole = [...[...external, ...(aggregated ? loadBalancer : [])].filter((range) => !isSingle(range))];
  const routes = new Map<string, OriginatedRoute>();
  const add = (prefix: Prefix, resource: string): void => {
    const text = formatPrefix(prefix);
    if (!routes.has(text)) routes.set(text, { prefix, reason: 'service', resource });
  };
  for (const range of cluster) add(range, ranges.clusterFrom);
  for (const range of whole) add(range, CONFIGURATION);
  const slices = slicesByService(context.resources.endpointSlices.values());
  for (const [key, service] of context.resources.services) {
    const endpoints = slices.get(key) ?? [];
    for (const address of announcedAddresses(context, ranges, service, endpoints))
      add(address, `Service/${key}`);
  }
  return [...routes.values()];
}

function isSingle({ family, length }: Prefix): boolean {
  return length === addressBits(family);
}

function slicesByService(slices: Iterable<EndpointSlice>): Map<string, EndpointSlice[]> {
  const byService = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const service = slice.metadata.labels['kubernetes.io/service-name'];
    if (service === undefined) continue;
    const key = `${slice.metadata.namespace}/${service}`;
    byService.set(key, [...(byService.get(key) ?? []), slice]);
  }
  return byService;
}

/** Single addresses of one Service that go out from this node. */
function announcedAddresses(
  context: RenderContext,
  ranges: ServiceRanges,
  service: Service,
  slices: readonly EndpointSlice[],
): Prefix[] {
  const { spec } = service;
  if (!SERVICE_TYPES.includes(spec.type) || spec.clusterIP === undefined || spec.clusterIP === 'None')
    return [];
  const addresses = allowedAddresses(ranges, service);
  if (spec.externalTrafficPolicy === 'Local') {
    const { kubernetesName } = context.self;
    return addresses.filter(({ family }) => hasReadyEndpoint(slices, family, kubernetesName));
  }
  if (spec.externalTrafficPolicy === 'Cluster' && isNamedSingly(ranges, service)) return addresses;
  return ranges.aggregated ? [] : addresses.filter(({ family }) => hasReadyEndpoint(slices, family, null));
}

/** Cluster IPs where such ranges are configured, and other addresses inside their ranges. */
function allowedAddresses(ranges: ServiceRanges, service: Service): Prefix[] {
  const { spec } = service;
  const inside = (texts: readonly string[], allowed: readonly Prefix[]): Prefix[] =>
    hostPrefixes(texts).filter((address) => allowed.some((range) => contains(range, address)));
  const clusterIps = spec.clusterIPs ?? [spec.clusterIP!];
  return [
    ...(ranges.cluster.length > 0 ? hostPrefixes(clusterIps) : []),
    ...inside(spec.externalIPs, ranges.external),
    ...inside(ingressAddresses(service), ranges.loadBalancer),
  ];
}

/** Whether one of the Service's outside addresses stands in the configuration by itself, as a /32 or /128. */
function isNamedSingly(ranges: ServiceRanges, service: Service): boolean {
  const { loadBalancerIP, externalIPs } = service.spec;
  const balanced = [...ingressAddresses(service), ...(loadBalancerIP === undefined ? [] : [loadBalancerIP])];
  const named = (texts: readonly string[], allowed: readonly Prefix[]): boolean =>
    hostPrefixes(texts).some((address) =>
      allowed.some((range) => isSingle(range) && contains(range, address)),
    );
  return named(balanced, ranges.loadBalancer) || named(externalIPs, ranges.external);
}

function ingressAddresses({ status }: Service): string[] {
  return (status.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}

function hostPrefixes(texts: readonly string[]): Prefix[] {
  return texts.flatMap((text) => (addressFamily(text) === null ? [] : (parsePrefix(text) ?? [])));
}

/** Ready is also what does not say. @param node null for any node. */
function hasReadyEndpoint(slices: readonly EndpointSlice[], family: Family, node: string | null): boolean {
  const addressType = family === 'ipv4' ? 'IPv4' : 'IPv6';
  return slices.some(
    (slice) =>
      slice.addressType === addressType &&
      slice.endpoints.some(
        ({ conditions, nodeName, addresses }) =>
          (conditions?.ready ?? true) && addresses.length > 0 && (node === null || nodeName === node),
      ),
  );
}
