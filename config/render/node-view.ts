/**
 * Nodes as BGP sees them: Calico's Node and Kubernetes' Node of one name taken together. Where both say something
 * Calico's Node wins, except for labels, where Kubernetes wins, as in Calico's Kubernetes datastore.
 */
import {
  addressFamily,
  canonicalAddress,
  type Family,
  formatAddress,
  type Prefix,
  parseAddress,
} from '@manul/bgp/net';
import { parseAsn } from '../schema/asn.ts';
import { type InterfaceAddress, parseInterfaceAddress, parseMac } from '../schema/fields.ts';
import type { CoreNode, Node, ResourceSet } from '../schema/resource-set.ts';
import type { Labels } from '../schema/selector.ts';
import { addressAt } from './address-at.ts';
import type { RenderWarning } from './rendered-node.ts';
import { Warnings } from './warnings.ts';

export interface NodeView {
  readonly name: string;
  /** What Kubernetes calls the node: another name only where `orchRefs` says so. */
  readonly kubernetesName: string;
  readonly labels: Labels;
  /** AS number of its own, or null for the cluster's. */
  readonly asn: number | null;
  readonly addresses: Readonly<Record<Family, InterfaceAddress | null>>;
  readonly clusterId: string | null;
  readonly podCidrs: readonly Prefix[];
  /** Own address on `tunl0`; with pod CIDRs and without an address of its own, the first usable one of those. */
  readonly ipipAddress: string | null;
  readonly vxlanAddresses: Readonly<Record<Family, string | null>>;
  /** MAC addresses of the VXLAN devices, where the node gives them. */
  readonly vxlanMacs: Readonly<Record<Family, string | null>>;
}

const ANNOTATION = 'projectcalico.org/';

/** All nodes by name, in order of names. */
export function viewNodes(resources: ResourceSet, warnings: Warnings): ReadonlyMap<string, NodeView> {
  const renamed = new Set<string>();
  for (const [name, node] of resources.nodes) {
    const other = kubernetesName(name, node);
    if (other !== name) renamed.add(other);
  }
  const unnamed = [...resources.coreNodes.keys()].filter((name) => !renamed.has(name));
  const names = new Set([...resources.nodes.keys(), ...unnamed]);
  return new Map(
    [...names].sort().map((name) => {
      const node = resources.nodes.get(name);
      const core = resources.coreNodes.get(kubernetesName(name, node));
      return [name, rememberedView(name, node, core, warnings)] as const;
    }),
  );
}

function kubernetesName(name: string, node: Node | undefined): string {
  const reference = node?.spec.orchRefs?.find(({ orchestrator }) => orchestrator === 'k8s');
  return reference?.nodeName ?? name;
}

/** A node that no resource describes. */
export function unknownNode(name: string): NodeView {
  return {
    name,
    kubernetesName: name,
    labels: {},
    asn: null,
    addresses: { ipv4: null, ipv6: null },
    clusterId: null,
    podCidrs: [],
    ipipAddress: null,
    vxlanAddresses: { ipv4: null, ipv6: null },
    vxlanMacs: { ipv4: null, ipv6: null },
  };
}

interface RememberedView {
  readonly name: string;
  readonly node: Node | undefined;
  readonly core: CoreNode | undefined;
  readonly view: NodeView;
  readonly warnings: readonly RenderWarning[];
}

/** Resources never change, and of thousands of nodes one is new at a time: the others are not read again. */
const remembered = new WeakMap<Node | CoreNode, RememberedView>();

function rememberedView(
  name: string,
  node: Node | undefined,
  core: CoreNode | undefined,
  warnings: Warnings,
): NodeView {
  const key = (core ?? node)!;
  const known = remembered.get(key);
  const isSame = known?.name === name && known.node === node && known.core === core;
  const own = isSame ? known : readView(name, node, core);
  if (!isSame) remembered.set(key, own);
  for (const { resource, field, text } of own.warnings) warnings.add(resource, field, text);
  return own.view;
}

function readView(name: string, node: Node | undefined, core: CoreNode | undefined): RememberedView {
  const warnings = new Warnings();
  const view = viewNode(name, node, core, warnings);
  return { name, node, core, view, warnings: warnings.list() };
}

function viewNode(
  name: string,
  node: Node | undefined,
  core: CoreNode | undefined,
  warnings: Warnings,
): NodeView {
  const annotations = new AnnotationReader(name, core, warnings);
  const bgp = node?.spec.bgp;
  const spec = node?.spec;
  const podCidrs = core?.spec.podCIDRs ?? (core?.spec.podCIDR === undefined ? [] : [core.spec.podCIDR]);
  const tunnelAddress = (key: string, family: Family): string | null =>
    annotations.read(key, `${family === 'ipv4' ? 'IPv4' : 'IPv6'} address`, (text) =>
      addressFamily(text) === family ? canonicalAddress(text) : null,
    );
  const mac = (key: string): string | null => annotations.read(key, 'MAC address', parseMac);
  return {
    name,
    kubernetesName: kubernetesName(name, node),
    labels: { ...annotations.labels(), ...node?.metadata.labels, ...core?.metadata.labels },
    asn: bgp?.asNumber ?? annotations.read('ASNumber', 'AS number', parseAsn),
    addresses: {
      ipv4: bgp?.ipv4Address ?? annotations.read('IPv4Address', 'IPv4 address', addressOf('ipv4')),
      ipv6: bgp?.ipv6Address ?? annotations.read('IPv6Address', 'IPv6 address', addressOf('ipv6')),
    },
    clusterId:
      bgp?.routeReflectorClusterID ??
      annotations.read('RouteReflectorClusterID', 'cluster ID (dotted quad)', (text) =>
        parseAddress(text)?.length === 4 ? text : null,
      ),
    podCidrs,
    ipipAddress:
      bgp?.ipv4IPIPTunnelAddr ?? tunnelAddress('IPv4IPIPTunnelAddr', 'ipv4') ?? firstUsable(podCidrs),
    vxlanAddresses: {
      ipv4: spec?.ipv4VXLANTunnelAddr ?? tunnelAddress('IPv4VXLANTunnelAddr', 'ipv4'),
      ipv6: spec?.ipv6VXLANTunnelAddr ?? tunnelAddress('IPv6VXLANTunnelAddr', 'ipv6'),
    },
    vxlanMacs: {
      ipv4: spec?.vxlanTunnelMACAddr ?? mac('VXLANTunnelMACAddr'),
      ipv6: spec?.vxlanTunnelMACAddrV6 ?? mac('VXLANTunnelMACAddrV6'),
    },
  };
}

/** The address behind the network address of the first IPv4 range: what Calico gives `tunl0` without its own IPAM. */
function firstUsable(podCidrs: readonly Prefix[]): string | null {
  const range = podCidrs.find(({ family }) => family === 'ipv4');
  return range === undefined || range.length > 30 ? null : formatAddress(addressAt(range, 1).bytes);
}

function addressOf(family: Family): (text: string) => InterfaceAddress | null {
  return (text) => parseInterfaceAddress(text, family);
}

/** Calico's annotations of a Kubernetes Node. One that cannot be read counts as absent, with a warning. */
class AnnotationReader {
  readonly #name: string;
  readonly #annotations: Labels;
  readonly #warnings: Warnings;

  constructor(name: string, core: CoreNode | undefined, warnings: Warnings) {
    this.#name = name;
    this.#annotations = core?.metadata.annotations ?? {};
    this.#warnings = warnings;
  }

  read<T>(key: string, what: string, parse: (text: string) => T | null): T | null {
    const text = this.#annotations[`${ANNOTATION}${key}`];
    if (text === undefined || text === '') return null;
    const parsed = parse(text);
    if (parsed === null) {
      const field = `metadata.annotations["${ANNOTATION}${key}"]`;
      this.#warnings.add(`Node/${this.#name}`, field, `is ignored: no ${what}: ${JSON.stringify(text)}`);
    }
    return parsed;
  }

  /** Labels that Calico's Node has beside Kubernetes' own. */
  labels(): Labels {
    return this.read('labels', 'JSON object of texts', parseLabels) ?? {};
  }
}

function parseLabels(json: string): Labels | null {
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
    return Object.values(parsed).every((value) => typeof value === 'string') ? (parsed as Labels) : null;
  } catch {
    return null; // the caller warns
  }
}
