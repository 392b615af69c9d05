/** Custom resources without a schema: what tests of reading need of Calico's kinds and ours. */
import type { KubernetesObject } from './api-client.ts';

export const CALICO_V3 = 'projectcalico.org/v3';
export const CALICO_CRD_V1 = 'crd.projectcalico.org/v1';
export const MANUL = 'manul.dev/v1alpha1';

/** Kinds of Calico that a node may read; all are cluster-scoped. */
export const CALICO_KINDS = [
  'BGPConfiguration',
  'BGPPeer',
  'BGPFilter',
  'IPPool',
  'IPReservation',
  'FelixConfiguration',
  'IPAMBlock',
  'BlockAffinity',
  'IPAMHandle',
] as const;

/** Takes anything as `spec` and `status`. */
export function openCrd(apiVersion: string, kind: string): KubernetesObject {
  const [group, version] = apiVersion.split('/');
  const singular = kind.toLowerCase();
  const plural = singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Cluster',
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      ],
    },
  };
}

export const calicoCrds = (apiVersion: string): KubernetesObject[] =>
  CALICO_KINDS.map((kind) => openCrd(apiVersion, kind));

export const manulCrds = (): KubernetesObject[] => [openCrd(MANUL, 'DynamicNeighbor')];
