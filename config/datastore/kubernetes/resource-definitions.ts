/** CustomResourceDefinitions of the kinds that are read from a cluster: ours, and Calico's for clusters without it. */
import { CALICO_V3, type CollectionName, KINDS, MANUL_V1ALPHA1 } from '../../schema/registry.ts';
import { type JsonSchema, specSchema, structuralSchema } from '../../schema/structural-schema.ts';
import { WATCHED_KINDS } from './watched-kinds.ts';

export interface ResourceDefinition {
  /** `dynamicneighbors.manul.dev` */
  readonly name: string;
  readonly group: string;
  /** The object as an API server takes it. */
  readonly manifest: Readonly<Record<string, unknown>>;
  /** JSON Schema of its `spec`. */
  readonly spec: JsonSchema;
}

interface Column {
  readonly name: string;
  readonly type: 'string' | 'date';
  readonly jsonPath: string;
}

interface Presentation {
  readonly description: string;
  readonly shortNames?: readonly string[];
  /** Name of the column and the field below `spec` that it shows. */
  readonly columns: Readonly<Record<string, string>>;
}

/** Short names are those of Calico's own definitions. */
const PRESENTATIONS: Partial<Record<CollectionName, Presentation>> = {
  bgpConfigurations: {
    description: 'BGP settings: default for the cluster, node.<name> for one node',
    shortNames: ['bgpconfig', 'bgpconfigs'],
    columns: { AS: 'asNumber', Mesh: 'nodeToNodeMeshEnabled', Port: 'listenPort' },
  },
  bgpPeers: {
    description: 'Sessions between nodes of the cluster, or with routers outside',
    columns: { Node: 'node', Nodes: 'nodeSelector', Peer: 'peerIP', Peers: 'peerSelector', AS: 'asNumber' },
  },
  bgpFilters: { description: 'Ordered rules for routes in and out of sessions', columns: {} },
  ipPools: {
    description: 'A range that workloads get addresses from, and how it is reached from other nodes',
    columns: {
      CIDR: 'cidr',
      IPIP: 'ipipMode',
      VXLAN: 'vxlanMode',
      NAT: 'natOutgoing',
      Nodes: 'nodeSelector',
    },
  },
  ipReservations: {
    description: 'Addresses that automatic allocation skips',
    columns: { CIDRs: 'reservedCIDRs' },
  },
  felixConfigurations: {
    description: 'Settings of node agents: default, node.<name>, or any name with a nodeSelector',
    columns: { Nodes: 'nodeSelector' },
  },
  ipamBlocks: {
    description: 'Addresses of one block, and what has them',
    columns: { CIDR: 'cidr', Owner: 'affinity' },
  },
  blockAffinities: {
    description: 'Which node a block of addresses belongs to',
    shortNames: ['affinity', 'affinities'],
    columns: { Node: 'node', CIDR: 'cidr', State: 'state' },
  },
  dynamicNeighbors: {
    description: 'Ranges from which any client may open a BGP session',
    shortNames: ['dn'],
    columns: {
      Ranges: 'listenRanges',
      AS: 'asNumbers',
      Reflector: 'routeReflectorClient',
      Nodes: 'nodeSelector',
    },
  },
};
const AGE: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** In the order of their names. */
export function resourceDefinitions(): ResourceDefinition[] {
  return WATCHED_KINDS.flatMap(({ collection, groupVersions, plural, rare }) => {
    const groupVersion = [MANUL_V1ALPHA1, CALICO_V3].find((candidate) => groupVersions.includes(candidate));
    const presentation = PRESENTATIONS[collection];
    if (groupVersion === undefined || rare === true || presentation === undefined) return [];
    return [definitionOf(collection, groupVersion, plural, presentation)];
  }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function definitionOf(
  collection: CollectionName,
  groupVersion: string,
  plural: string,
  { description, shortNames, columns }: Presentation,
): ResourceDefinition {
  const [group = '', version = ''] = groupVersion.split('/');
  const { kind } = KINDS[collection];
  const name = `${plural}.${group}`;
  const manifest = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group,
      scope: 'Cluster',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        ...(shortNames === undefined ? {} : { shortNames }),
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            ...Object.entries(columns).map(
              ([column, field]): Column => ({ name: column, type: 'string', jsonPath: `.spec.${field}` }),
            ),
            AGE,
          ],
          schema: { openAPIV3Schema: structuralSchema(KINDS[collection], description) },
        },
      ],
    },
  };
  return { name, group, manifest, spec: specSchema(KINDS[collection]) };
}
