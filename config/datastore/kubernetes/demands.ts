/** What the resources themselves make necessary to read: Secrets that they name, and services where these are announced. */
import type { SecretReference } from '../../schema/fields.ts';
import type { ResourceSet } from '../../schema/resource-set.ts';

export interface Demands {
  /** Names, in the namespace of this installation. */
  readonly secrets: ReadonlySet<string>;
  readonly services: boolean;
}

/** @param node peers that another node alone has are left out */
export function demandsOf(resources: ResourceSet, node: string): Demands {
  const secrets = new Set<string>();
  const add = (reference: SecretReference | undefined): void => {
    if (reference !== undefined) secrets.add(reference.secretKeyRef.name);
  };
  let services = false;
  for (const { spec } of resources.bgpConfigurations.values()) {
    add(spec.nodeMeshPassword);
    const ranges = [spec.serviceClusterIPs, spec.serviceExternalIPs, spec.serviceLoadBalancerIPs];
    services ||= ranges.some((list) => (list ?? []).length > 0);
  }
  for (const { spec } of resources.bgpPeers.values()) {
    if (spec.node === undefined || spec.node === node) add(spec.password);
  }
  for (const { spec } of resources.dynamicNeighbors.values()) add(spec.password);
  return { secrets, services };
}
