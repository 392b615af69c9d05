/** OpenBGPD as reflector. */
import { Openbgpd } from '../../harness/daemons/openbgpd.ts';
import { OPENBGPD } from '../../harness/daemons/system-command.ts';
import { REFLECTOR, type ReflectorKind } from './reflector.ts';

const { address, asn, routerId, clusterId, clients } = REFLECTOR;

const config = (port: number): string => `AS ${asn}
router-id ${routerId}
fib-update no
listen on ${address} port ${port}
neighbor ${clients} {
  remote-as ${asn}
  holdtime 240
  route-reflector ${clusterId}
  announce IPv4 unicast
  announce IPv6 unicast
  announce restart no
}
allow from any
allow to any
`;

export const OPENBGPD_REFLECTOR: ReflectorKind = {
  name: 'openbgpd',
  commands: [OPENBGPD, 'bgpctl'],
  needsRoot: true,
  start: (port) => Openbgpd.start(config(port), null),
};
