/**
 * All resources that a datastore holds, as immutable typed collections. Keys are names, or `namespace/name` for
 * namespaced kinds. Values are native: parsed prefixes, AS numbers as numbers, durations in seconds.
 */
import { COLLECTIONS, type CollectionName, KINDS, type ResourceOf } from './registry.ts';
import { runToEnd, STEP_ITEMS, type Steps, sortInSteps } from './steps.ts';

export type { CollectionName } from './registry.ts';

export type BgpConfiguration = ResourceOf<'bgpConfigurations'>;
export type BgpPeer = ResourceOf<'bgpPeers'>;
export type BgpFilter = ResourceOf<'bgpFilters'>;
export type IpPool = ResourceOf<'ipPools'>;
export type IpReservation = ResourceOf<'ipReservations'>;
export type FelixConfiguration = ResourceOf<'felixConfigurations'>;
export type Node = ResourceOf<'nodes'>;
export type WorkloadEndpoint = ResourceOf<'workloadEndpoints'>;
export type IpamBlock = ResourceOf<'ipamBlocks'>;
export type BlockAffinity = ResourceOf<'blockAffinities'>;
export type IpamHandle = ResourceOf<'ipamHandles'>;
export type DynamicNeighbor = ResourceOf<'dynamicNeighbors'>;
export type CoreNode = ResourceOf<'coreNodes'>;
export type Pod = ResourceOf<'pods'>;
export type Service = ResourceOf<'services'>;
export type Secret = ResourceOf<'secrets'>;
export type EndpointSlice = ResourceOf<'endpointSlices'>;

/** A resource of any kind. */
export type AnyResource = ResourceOf<CollectionName>;

/** Every collection, empty ones included. Never changed in place: a datastore makes a new one. */
export type ResourceSet = { readonly [C in CollectionName]: ReadonlyMap<string, ResourceOf<C>> } & {
  /**
   * Keys read from the files that DynamicNeighbors name in `passwordFile`, by the name of the DynamicNeighbor,
   * without a final line break. A file that cannot be read has no entry.
   */
  readonly passwordFiles: ReadonlyMap<string, string>;
};

/** One resource with where it belongs. */
export interface PlacedResource {
  readonly collection: CollectionName;
  /** `name`, or `namespace/name`. */
  readonly key: string;
  readonly resource: AnyResource;
}

/** Builds a set, each collection in order of its keys; of two resources with one key the later wins. */
export function makeResourceSet(
  resources: Iterable<PlacedResource>,
  passwordFiles: ReadonlyMap<string, string> = new Map(),
): ResourceSet {
  return runToEnd(resourceSetSteps(resources, passwordFiles));
}

/** `makeResourceSet` in steps. */
export function* resourceSetSteps(
  resources: Iterable<PlacedResource>,
  passwordFiles: ReadonlyMap<string, string>,
): Steps<ResourceSet> {
  const collections = Object.fromEntries(COLLECTIONS.map((name) => [name, new Map<string, AnyResource>()]));
  const byKey = (a: PlacedResource, b: PlacedResource) => Number(a.key > b.key) - Number(a.key < b.key);
  let count = 0;
  for (const { collection, key, resource } of yield* sortInSteps(resources, byKey)) {
    collections[collection]!.set(key, resource);
    if (++count % STEP_ITEMS === 0) yield;
  }
  return { ...(collections as unknown as Omit<ResourceSet, 'passwordFiles'>), passwordFiles };
}

/** How messages name a resource: `BGPPeer/tor`, `Pod/default/nginx`. */
export function resourceName(collection: CollectionName, key: string): string {
  return `${KINDS[collection].kind}/${key}`;
}
