/**
 * All resources that a datastore holds, as immutable typed collections. Keys are names, or `namespace/name` for
 * namespaced kinds. Values are native: parsed prefixes, AS numbers as numbers, durations in seconds.
 */
import type { Metadata } from './metadata.ts';

/** What every resource has. */
export interface Resource<Spec = unknown> {
  readonly metadata: Metadata;
  readonly spec: Spec;
}

/** Type of the values in each collection. */
export interface ResourceTypes {
  bgpConfigurations: Resource;
}

export type CollectionName = keyof ResourceTypes;

/** Every collection, empty ones included. Never changed in place: a datastore makes a new one. */
export type ResourceSet = { readonly [C in CollectionName]: ReadonlyMap<string, ResourceTypes[C]> };
