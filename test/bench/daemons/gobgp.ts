/** GoBGP as reflector. */
import { Gobgp, gobgpFamilies } from '../../harness/daemons/gobgp.ts';
import { REFLECTOR, type ReflectorKind } from './reflector.ts';

const { address, asn, routerId, clusterId, clients } = REFLECTOR;

const config = (port: number): unknown => ({
  global: { config: { as: asn, 'router-id': routerId, port, 'local-address-list': [address] } },
  'peer-groups': [
    {
      config: { 'peer-group-name': 'clients', 'peer-as': asn },
      'route-reflector': {
        config: { 'route-reflector-client': true, 'route-reflector-cluster-id': clusterId },
      },
      timers: { config: { 'hold-time': 240, 'keepalive-interval': 80 } },
      'afi-safis': gobgpFamilies(['ipv4', 'ipv6']),
    },
  ],
  'dynamic-neighbors': [{ config: { prefix: clients, 'peer-group': 'clients' } }],
});

export const GOBGP_REFLECTOR: ReflectorKind = {
  name: 'gobgp',
  commands: ['gobgpd', 'gobgp'],
  needsRoot: false,
  start: (port) => Gobgp.start(config(port), { namespace: null, address, ipv6Address: '::1' }),
};
