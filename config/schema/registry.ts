/** Every kind that Manul reads: where it may come from, whether it has a namespace, and its schema. */
import type { z } from 'zod';
import { bgpConfiguration } from './kinds/bgp-configuration.ts';
import { bgpFilter } from './kinds/bgp-filter.ts';
import { bgpPeer } from './kinds/bgp-peer.ts';
import { dynamicNeighbor } from './kinds/dynamic-neighbor.ts';
import { felixConfiguration } from './kinds/felix-configuration.ts';
import { ipPool, ipReservation } from './kinds/ip-pool.ts';
import { blockAffinity, ipamBlock, ipamHandle } from './kinds/ipam.ts';
import { coreNode, endpointSlice, pod, secret, service } from './kinds/kubernetes.ts';
import { node } from './kinds/node.ts';
import { workloadEndpoint } from './kinds/workload-endpoint.ts';

export const CALICO_V3 = 'projectcalico.org/v3';
/** The older CRD group, in which the v3 metadata is an annotation. */
export const CALICO_CRD_V1 = 'crd.projectcalico.org/v1';
export const MANUL_V1ALPHA1 = 'manul.dev/v1alpha1';

const CALICO = [CALICO_V3, CALICO_CRD_V1];

interface KindOptions {
  readonly kind: string;
  readonly apiVersions: readonly string[];
  readonly namespaced?: boolean;
  /** A kind of Calico or ours: unknown fields are judged, `status` is dropped. */
  readonly strict?: boolean;
}

/** One entry of `KINDS`, whichever. */
export interface AnyKind extends Required<KindOptions> {
  readonly schema: z.ZodType;
}

function define<S extends z.ZodType>(options: KindOptions, schema: S) {
  return { namespaced: false, strict: true, ...options, schema };
}

/** The kinds, by the name of the collection that holds them. */
export const KINDS = {
  bgpConfigurations: define({ kind: 'BGPConfiguration', apiVersions: CALICO }, bgpConfiguration),
  bgpPeers: define({ kind: 'BGPPeer', apiVersions: CALICO }, bgpPeer),
  bgpFilters: define({ kind: 'BGPFilter', apiVersions: CALICO }, bgpFilter),
  ipPools: define({ kind: 'IPPool', apiVersions: CALICO }, ipPool),
  ipReservations: define({ kind: 'IPReservation', apiVersions: CALICO }, ipReservation),
  felixConfigurations: define({ kind: 'FelixConfiguration', apiVersions: CALICO }, felixConfiguration),
  nodes: define({ kind: 'Node', apiVersions: [CALICO_V3] }, node),
  workloadEndpoints: define(
    { kind: 'WorkloadEndpoint', apiVersions: [CALICO_V3], namespaced: true },
    workloadEndpoint,
  ),
  ipamBlocks: define({ kind: 'IPAMBlock', apiVersions: CALICO }, ipamBlock),
  blockAffinities: define({ kind: 'BlockAffinity', apiVersions: CALICO }, blockAffinity),
  ipamHandles: define({ kind: 'IPAMHandle', apiVersions: CALICO }, ipamHandle),
  dynamicNeighbors: define({ kind: 'DynamicNeighbor', apiVersions: [MANUL_V1ALPHA1] }, dynamicNeighbor),
  coreNodes: define({ kind: 'Node', apiVersions: ['v1'], strict: false }, coreNode),
  pods: define({ kind: 'Pod', apiVersions: ['v1'], namespaced: true, strict: false }, pod),
  services: define({ kind: 'Service', apiVersions: ['v1'], namespaced: true, strict: false }, service),
  secrets: define({ kind: 'Secret', apiVersions: ['v1'], namespaced: true, strict: false }, secret),
  endpointSlices: define(
    { kind: 'EndpointSlice', apiVersions: ['discovery.k8s.io/v1'], namespaced: true, strict: false },
    endpointSlice,
  ),
} as const;

export type CollectionName = keyof typeof KINDS;
export const COLLECTIONS = Object.keys(KINDS) as CollectionName[];

/** What a schema yields, unchangeable. */
export type ResourceOf<C extends CollectionName> = DeepReadonly<z.output<(typeof KINDS)[C]['schema']>>;

export type DeepReadonly<T> = T extends Uint8Array | bigint
  ? T
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The kind that a document belongs to, or null for one that we do not read. */
export function findKind(apiVersion: string, kind: string): CollectionName | null {
  const matches = (name: CollectionName): boolean =>
    KINDS[name].kind === kind && (KINDS[name].apiVersions as readonly string[]).includes(apiVersion);
  return COLLECTIONS.find(matches) ?? null;
}

/** The API versions in which a kind is read; empty for a foreign kind. */
export function versionsOfKind(kind: string): string[] {
  return COLLECTIONS.filter((name) => KINDS[name].kind === kind).flatMap((name) => [
    ...KINDS[name].apiVersions,
  ]);
}
