/**
 * Every kind of call that a role makes to the API server, as RBAC sees it: what a chart must allow, and no more.
 * Discovery of groups is open to everybody that is authenticated.
 */
import { type ClusterRole, isReported, WATCHED_KINDS } from './watched-kinds.ts';

export interface ApiCall {
  readonly role: ClusterRole;
  /** Empty for the core group. */
  readonly group: string;
  /** With the subresource: `nodes/status`. */
  readonly resource: string;
  readonly verbs: readonly ('get' | 'list' | 'watch' | 'create' | 'patch')[];
  /** `installation`: in the namespace of the installation alone; `default`: in the namespace of that name. */
  readonly scope: 'cluster' | 'installation' | 'default';
}

const groupOf = (groupVersion: string): string =>
  groupVersion.includes('/') ? groupVersion.slice(0, groupVersion.indexOf('/')) : '';

const reads: readonly ApiCall[] = WATCHED_KINDS.flatMap(({ groupVersions, plural, roles, demand }) =>
  roles.flatMap((role) =>
    groupVersions.map((groupVersion): ApiCall => {
      const scope = demand === 'byReference' ? 'installation' : 'cluster';
      return { role, group: groupOf(groupVersion), resource: plural, verbs: ['list', 'watch'], scope };
    }),
  ),
);

/** An invalid resource is told by whoever has the kind: a condition, and an Event. */
const reports: readonly ApiCall[] = WATCHED_KINDS.filter(isReported).flatMap(
  ({ groupVersions, plural, roles }) =>
    roles.flatMap((role) =>
      groupVersions.flatMap((groupVersion): ApiCall[] => {
        const group = groupOf(groupVersion);
        const read: ApiCall = { role, group, resource: plural, verbs: ['get'], scope: 'cluster' };
        return [read, { role, group, resource: `${plural}/status`, verbs: ['patch'], scope: 'cluster' }];
      }),
    ),
);

const EVENTS = { group: 'events.k8s.io', resource: 'events', verbs: ['create'], scope: 'default' } as const;

export const API_CALLS: readonly ApiCall[] = [
  ...reads,
  ...reports,
  { role: 'speaker', ...EVENTS },
  { role: 'agent', ...EVENTS },
  // its own Node: annotations, and the condition NetworkUnavailable
  { role: 'agent', group: '', resource: 'nodes', verbs: ['get', 'patch'], scope: 'cluster' },
  { role: 'agent', group: '', resource: 'nodes/status', verbs: ['patch'], scope: 'cluster' },
];
