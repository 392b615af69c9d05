/**
 * Where a next hop is: behind a gateway that the configuration names for it, at a local workload (a pod that speaks
 * BGP), on a connected subnet, or behind a route that others put into the kernel.
 */
import { addressBits, addressFamily, splitZone } from '@manul/bgp/net';
import type { ForeignRoutes } from './foreign-routes.ts';
import type { Topology } from './topology.ts';
import { type Reach, reached, unreached } from './way.ts';

export interface ReachabilitySources {
  readonly topology: Topology;
  readonly foreign: ForeignRoutes;
  /** Gateways by host prefix. */
  readonly gateways: ReadonlyMap<string, string>;
  /** Index of the interface of a local workload, by host prefix. */
  readonly workloadInterface: (hostPrefix: string) => number | null;
}

export class Reachability {
  readonly #sources: ReachabilitySources;

  constructor(sources: ReachabilitySources) {
    this.#sources = sources;
  }

  /** @param nextHop canonical text */
  resolve(nextHop: string): Reach {
    const { gateways, workloadInterface } = this.#sources;
    const host = hostPrefix(nextHop);
    const gateway = gateways.get(host);
    if (gateway === undefined) {
      const workload = workloadInterface(host);
      // A workload has no subnet on its link, only the route to its address.
      if (workload !== null) return reached(nextHop, workload, true);
    }
    const reach = this.#resolveThrough(gateway ?? nextHop);
    if (reach.error === null || gateway === undefined) return reach;
    return unreached(`is reached by ${gateway}, which ${reach.error}`);
  }

  #resolveThrough(address: string): Reach {
    const { topology, foreign } = this.#sources;
    const { interfaceIndex, error, isElsewhere } = topology.resolve(address);
    if (interfaceIndex !== null) return reached(splitZone(address).address, interfaceIndex, false);
    return isElsewhere ? foreign.resolve(address, topology) : unreached(error);
  }
}

function hostPrefix(address: string): string {
  const family = addressFamily(address);
  return family === null ? address : `${address}/${addressBits(family)}`;
}
