/** The rights of a role as Manul declares them: nothing else of it is used here, so that a missing one shows. */
import { API_CALLS } from '@manul/config/cluster';
import type { Grant } from '../../harness/kubernetes/api-grants.ts';

const NAMESPACES = { cluster: null, installation: 'manul-system', default: 'default' } as const;

export const grantsOf = (roles: readonly string[]): Grant[] =>
  API_CALLS.filter(({ role }) => roles.includes(role)).map(({ group, resource, verbs, scope }) => ({
    group,
    resource,
    verbs,
    namespace: NAMESPACES[scope],
  }));
