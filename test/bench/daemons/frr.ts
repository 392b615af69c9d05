/** FRR's bgpd as reflector, alone. */
import { Frr } from '../../harness/daemons/frr.ts';
import { FRR_BGPD } from '../../harness/daemons/system-command.ts';
import { REFLECTOR, type ReflectorKind } from './reflector.ts';

const { address, asn, routerId, clusterId, clients } = REFLECTOR;

const CONFIG = `frr defaults traditional
hostname frr
router bgp ${asn}
 bgp router-id ${routerId}
 bgp cluster-id ${clusterId}
 no bgp default ipv4-unicast
 no bgp log-neighbor-changes
 timers bgp 80 240
 neighbor CLIENTS peer-group
 neighbor CLIENTS remote-as ${asn}
 bgp listen limit 5000
 bgp listen range ${clients} peer-group CLIENTS
 address-family ipv4 unicast
  neighbor CLIENTS activate
  neighbor CLIENTS route-reflector-client
 exit-address-family
 address-family ipv6 unicast
  neighbor CLIENTS activate
  neighbor CLIENTS route-reflector-client
 exit-address-family
`;

export const FRR_REFLECTOR: ReflectorKind = {
  name: 'frr',
  commands: [FRR_BGPD, 'vtysh'],
  needsRoot: false,
  start: (port) => Frr.start(CONFIG, { namespace: null, addresses: [address], port, asn }),
};
