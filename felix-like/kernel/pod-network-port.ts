/**
 * The port to the network of pods: veth pairs between the node and a pod's network namespace, and what is inside
 * that namespace. Each call is carried out at once and as a whole; what the kernel refuses is a value.
 */
import type { KernelFailure, KernelLink } from './kernel-port.ts';

export interface VethRequest {
  /** File of the pod's network namespace. */
  readonly networkNamespace: string;
  /** The pod's end; must not exist. */
  readonly podName: string;
  /** The node's end; must not exist. */
  readonly hostName: string;
  /** Six octets in hex, `ee:ee:ee:ee:ee:ee`. */
  readonly hostMac: string;
  /** Put on the node's end, usable at once: the gateway of IPv6. */
  readonly hostLinkLocal: string | null;
  /** Null: what the kernel gives to veth links. */
  readonly mtu: number | null;
}

export interface VethPair {
  readonly hostIndex: number;
  readonly podMac: string;
  readonly mtu: number;
}

export interface PodRoute {
  readonly prefix: string;
  /** Null: the destination itself is on the link. */
  readonly gateway: string | null;
}

export interface PodInterfaceSettings {
  readonly networkNamespace: string;
  readonly podName: string;
  /** Host prefixes. */
  readonly addresses: readonly string[];
  /** In an order in which the kernel can take them: gateways after what makes them reachable. */
  readonly routes: readonly PodRoute[];
  /** Link layer addresses that are not to be asked for. */
  readonly neighbours: readonly { readonly address: string; readonly mac: string }[];
}

export interface PodInterface {
  readonly link: KernelLink;
  /** Addresses, canonical, without those of the link-local range. */
  readonly addresses: readonly string[];
  /** Routes of the main table over this interface, canonical, without those that the kernel made itself. */
  readonly routes: readonly PodRoute[];
}

export type PodResult<Value> =
  | { readonly value: Value; readonly failure: null }
  | { readonly value: null; readonly failure: KernelFailure };

export interface PodNetwork {
  /** Makes the pair; afterwards the node's end is up, the pod's end is down and without addresses. */
  createVeth(request: VethRequest): Promise<PodResult<VethPair>>;
  /** Addresses, link up, neighbours and routes of the pod's end. */
  configure(settings: PodInterfaceSettings): Promise<PodResult<true>>;
  /** What the interface in a namespace has; the value is null where there is no such interface. */
  inspect(networkNamespace: string, podName: string): Promise<PodResult<PodInterface | null>>;
  /** A link of the node, or null. */
  findHostLink(name: string): Promise<KernelLink | null>;
  /** Removes a link of the node, and with it the pod's end. False: there is none of that name (and index). */
  removeHostLink(name: string, index: number | null): Promise<boolean>;
  close(): Promise<void>;
}
