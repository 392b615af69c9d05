/**
 * What strict import protection refuses from external sessions: a default route, and every prefix that the cluster
 * gives out itself. Who announced one of these could draw the cluster's own traffic.
 */
import type { PolicyTerm, PrefixMatch } from '@manul/bgp';
import { addressBits, FAMILIES, formatPrefix, type Prefix } from '@manul/bgp/net';
import type { RenderContext } from './render-context.ts';
import { serviceRanges } from './service-routes.ts';

export function protectionTerms(context: RenderContext): PolicyTerm[] {
  const { cluster, clusterFrom, external, loadBalancer } = serviceRanges(context);
  const configuration = 'BGPConfiguration/default';
  const pools = [...context.resources.ipPools.values()].map(({ metadata, spec }) =>
    term(`IPPool/${metadata.name} is protected: pods`, [inside(spec.cidr)]),
  );
  return [
    term('the default route is protected', [
      { prefix: '0.0.0.0/0', minLength: 0, maxLength: 0 },
      { prefix: '::/0', minLength: 0, maxLength: 0 },
    ]),
    ...pools,
    term(
      'pod CIDRs of nodes are protected',
      [...context.nodes.values()].flatMap((node) => node.podCidrs.map(inside)),
    ),
    term(`${clusterFrom} is protected: cluster IPs`, cluster.map(inside)),
    term(
      `${configuration} is protected: external and load balancer addresses`,
      [...external, ...loadBalancer].map(inside),
    ),
    term('addresses of nodes are protected', nodeAddresses(context)),
  ].filter(({ match }) => match.prefixes!.length > 0);
}

function nodeAddresses({ nodes }: RenderContext): PrefixMatch[] {
  return [...nodes.values()].flatMap(({ addresses }) =>
    FAMILIES.flatMap((family): PrefixMatch[] => {
      const address = addresses[family]?.address;
      const length = addressBits(family);
      return address === undefined
        ? []
        : [{ prefix: `${address}/${length}`, minLength: length, maxLength: length }];
    }),
  );
}

function term(name: string, prefixes: readonly PrefixMatch[]): PolicyTerm {
  return { name, match: { sessionType: 'ebgp', prefixes }, action: 'reject' };
}

function inside(prefix: Prefix): PrefixMatch {
  return { prefix: formatPrefix(prefix), minLength: prefix.length, maxLength: addressBits(prefix.family) };
}
