/** RBAC for a ServiceAccount, out of a list of calls: what a chart would install. */
import type { KubernetesObject } from './api-client.ts';

export interface Grant {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Null: in the whole cluster. */
  readonly namespace: string | null;
}

const RBAC = 'rbac.authorization.k8s.io/v1';

/** A role and its binding, for each namespace and for the cluster. @param account `namespace/name` */
export function grantObjects(account: string, grants: readonly Grant[]): KubernetesObject[] {
  const [namespace = '', name = ''] = account.split('/');
  const subjects = [{ kind: 'ServiceAccount', namespace, name }];
  return [...new Set(grants.map((grant) => grant.namespace))].flatMap((place) => {
    const rules = grants
      .filter((grant) => grant.namespace === place)
      .map(({ group, resource, verbs }) => ({ apiGroups: [group], resources: [resource], verbs }));
    const scope = place === null ? 'Cluster' : '';
    const metadata = place === null ? { name } : { name, namespace: place };
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: `${scope}Role`, name };
    return [
      { apiVersion: RBAC, kind: `${scope}Role`, metadata, rules },
      { apiVersion: RBAC, kind: `${scope}RoleBinding`, metadata, roleRef, subjects },
    ];
  });
}
