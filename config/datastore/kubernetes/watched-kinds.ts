/** Which kinds a role reads from the cluster, where the server has them, and how much of them. */
import { CALICO_CRD_V1, CALICO_V3, type CollectionName, MANUL_V1ALPHA1 } from '../../schema/registry.ts';

export type ClusterRole = 'speaker' | 'agent';

export interface WatchedKind {
  readonly collection: CollectionName;
  /** The one that is served first counts: Calico's older CRD group is where its data is, wherever it is served. */
  readonly groupVersions: readonly string[];
  readonly plural: string;
  readonly roles: readonly ClusterRole[];
  /** `byReference`: objects that others name; `forServices`: only where service addresses are announced. */
  readonly demand: 'always' | 'byReference' | 'forServices';
  /** Hardly any cluster has it: it is taken where it is found, and not looked for again. */
  readonly rare?: boolean;
  /** Only what runs on the node. */
  readonly ownNode?: boolean;
}

const CALICO = [CALICO_CRD_V1, CALICO_V3];
const BOTH: readonly ClusterRole[] = ['speaker', 'agent'];
const AGENT: readonly ClusterRole[] = ['agent'];
const SPEAKER: readonly ClusterRole[] = ['speaker'];

const calico = (collection: CollectionName, roles: readonly ClusterRole[]): WatchedKind => ({
  collection,
  groupVersions: CALICO,
  plural: collection.toLowerCase(),
  roles,
  demand: 'always',
});

/** Not read: IPAMHandle, which matters only to whoever releases addresses. */
export const WATCHED_KINDS: readonly WatchedKind[] = [
  calico('bgpConfigurations', BOTH),
  calico('bgpPeers', SPEAKER),
  calico('bgpFilters', SPEAKER),
  calico('ipPools', BOTH),
  calico('ipReservations', AGENT),
  calico('felixConfigurations', BOTH),
  calico('ipamBlocks', BOTH),
  calico('blockAffinities', BOTH),
  { ...calico('nodes', BOTH), groupVersions: [CALICO_V3], rare: true },
  { ...calico('workloadEndpoints', BOTH), groupVersions: [CALICO_V3], rare: true },
  { ...calico('dynamicNeighbors', SPEAKER), groupVersions: [MANUL_V1ALPHA1] },
  { collection: 'coreNodes', groupVersions: ['v1'], plural: 'nodes', roles: BOTH, demand: 'always' },
  {
    collection: 'pods',
    groupVersions: ['v1'],
    plural: 'pods',
    roles: BOTH,
    demand: 'always',
    ownNode: true,
  },
  {
    collection: 'services',
    groupVersions: ['v1'],
    plural: 'services',
    roles: SPEAKER,
    demand: 'forServices',
  },
  {
    collection: 'endpointSlices',
    groupVersions: ['discovery.k8s.io/v1'],
    plural: 'endpointslices',
    roles: SPEAKER,
    demand: 'forServices',
  },
  { collection: 'secrets', groupVersions: ['v1'], plural: 'secrets', roles: SPEAKER, demand: 'byReference' },
];

/** Its invalid objects are told to the cluster. Of Kubernetes' own kinds the API server itself lets none in. */
export const isReported = ({ demand, rare, groupVersions }: WatchedKind): boolean =>
  demand === 'always' && rare !== true && !groupVersions.some(isAlwaysServed);

/** Of a group and version: `/api/v1`, `/apis/discovery.k8s.io/v1`. */
export const rootOf = (groupVersion: string): string =>
  groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`;

/** Kubernetes' own kinds are there in every cluster; others may come and go. */
export const isAlwaysServed = (groupVersion: string): boolean =>
  groupVersion === 'v1' || groupVersion === 'discovery.k8s.io/v1';
