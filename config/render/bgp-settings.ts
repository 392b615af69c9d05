/** The BGPConfiguration that is in force for one node: `default`, and what `node.<name>` may override of it. */
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
  readonly prefixAdvertisements: NonNullable<Spec['prefixAdvertisements']>;
  /** Resource that `prefixAdvertisements` come from. */
  readonly advertisementsFrom: string;
  /** Communities by name, for `prefixAdvertisements`. */
  readonly communityNames: ReadonlyMap<string, string>;
}

export function bgpSettings(resources: ResourceSet, node: string): BgpSettings {
  const cluster = resources.bgpConfigurations.get('default')?.spec ?? {};
  const own = resources.bgpConfigurations.get(`node.${node}`)?.spec ?? {};
  const communities = [...(cluster.communities ?? []), ...(own.communities ?? [])];
  return {
    cluster,
    asn: cluster.asNumber ?? DEFAULT_ASN,
    meshEnabled: cluster.nodeToNodeMeshEnabled ?? true,
    listenPortOf: (name) =>
      resources.bgpConfigurations.get(`node.${name}`)?.spec.listenPort ??
      cluster.listenPort ??
      DEFAULT_BGP_PORT,
    prefixAdvertisements: own.prefixAdvertisements ?? cluster.prefixAdvertisements ?? [],
    advertisementsFrom:
      own.prefixAdvertisements === undefined ? 'BGPConfiguration/default' : `BGPConfiguration/node.${node}`,
    communityNames: new Map(communities.map(({ name, value }) => [name, value])),
  };
}
