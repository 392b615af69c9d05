/**
 * Where a next hop is: behind a gateway that the configuration names for it, at a local workload (a pod that speaks
 * BGP), or on a connected subnet.
 */
import { addressBits, addressFamily, splitZone } from '@manul/bgp/net';
import type { KernelNextHop } from '../routetable/route-key.ts';
import type { Topology } from './topology.ts';

export type Reach =
  | { readonly hop: KernelNextHop; readonly error: null }
  | { readonly hop: null; readonly error: string };

export interface ReachabilitySources {
  readonly topology: Topology;
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
    const { topology, gateways, workloadInterface } = this.#sources;
    const host = hostPrefix(nextHop);
    const gateway = gateways.get(host);
    if (gateway === undefined) {
      const workload = workloadInterface(host);
      // A workload has no subnet on its link, only the route to its address.
      if (workload !== null) return reached(nextHop, workload, true);
    }
    const through = gateway ?? nextHop;
    const { interfaceIndex, error } = topology.resolve(through);
    if (interfaceIndex !== null) return reached(through, interfaceIndex, false);
    return { hop: null, error: gateway === undefined ? error : `is reached by ${gateway}, which ${error}` };
  }
}

function reached(gateway: string, interfaceIndex: number, onlink: boolean): Reach {
  return { hop: { gateway: splitZone(gateway).address, interfaceIndex, onlink, weight: 1 }, error: null };
}

function hostPrefix(address: string): string {
  const family = addressFamily(address);
  return family === null ? address : `${address}/${addressBits(family)}`;
}
