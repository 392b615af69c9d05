/** The BGPConfiguration that is in force for one node: `default`, and what `node.<name>` may override of it. */
import { FAMILIES, type Prefix } from '@manul/bgp/net';
import type { BgpConfiguration, ResourceSet } from '../schema/resource-set.ts';

const DEFAULT_ASN = 64_512;
export const DEFAULT_BGP_PORT = 179;

type Spec = BgpConfiguration['spec'];

export interface BgpSettings {
  /** The `default` object's fields; empty when there is none. */
  readonly cluster: Spec;
  /** AS number of nodes without one of their own. */
  readonly asn: number;
  readonly meshEnabled: boolean;
  /** Port that a node listens on, and that others dial. */
  readonly listenPortOf: (node: string) => number;
  /** Per family those of the node's own object where it has any, else those of `default`. */
  readonly prefixAdvertisements: readonly PrefixAdvertisement[];
}

export interface PrefixAdvertisement {
  readonly cidr: Prefix;
  /** Values, or names of communities. */
  readonly communities: readonly string[];
  /** Communities by name, as this advertisement may call them. */
  readonly names: ReadonlyMap<string, string>;
  /** Resource that it comes from. */
  readonly resource: string;
  /** Its place there. */
  readonly index: number;
}

export function bgpSettings(resources: ResourceSet, node: string): BgpSettings {
  const cluster = resources.bgpConfigurations.get('default')?.spec ?? {};
  const own = resources.bgpConfigurations.get(`node.${node}`)?.spec ?? {};
  const ofCluster = advertisementsOf(cluster, own, 'default');
  const ofNode = advertisementsOf(own, cluster, `node.${node}`);
  return {
    cluster,
    asn: cluster.asNumber ?? DEFAULT_ASN,
    meshEnabled: cluster.nodeToNodeMeshEnabled ?? true,
    listenPortOf: (name) =>
      resources.bgpConfigurations.get(`node.${name}`)?.spec.listenPort ??
      cluster.listenPort ??
      DEFAULT_BGP_PORT,
    prefixAdvertisements: FAMILIES.flatMap((family) => {
      const isOfFamily = ({ cidr }: PrefixAdvertisement): boolean => cidr.family === family;
      const replacing = ofNode.filter(isOfFamily);
      return replacing.length > 0 ? replacing : ofCluster.filter(isOfFamily);
    }),
  };
}

/** What one object advertises. A name means its own community first, then that of the other object. */
function advertisementsOf(spec: Spec, other: Spec, name: string): PrefixAdvertisement[] {
  const communities = [...(other.communities ?? []), ...(spec.communities ?? [])];
  const names = new Map(communities.map((community) => [community.name, community.value]));
  const resource = `BGPConfiguration/${name}`;
  return (spec.prefixAdvertisements ?? []).map((advertisement, index) => {
    return { ...advertisement, names, resource, index };
  });
}
