/** BIRD 2 as reflector. The next hops are not resolved: a reflector has no forwarding table. */
import { Bird } from '../../harness/daemons/bird.ts';
import { REFLECTOR, type ReflectorKind } from './reflector.ts';

const { address, asn, routerId, clusterId, clients } = REFLECTOR;

const config = (port: number): string => `log stderr { warning, error, fatal, bug };
router id ${routerId};
protocol device {}
protocol bgp clients {
  local ${address} port ${port} as ${asn};
  neighbor range ${clients} as ${asn};
  rr client; rr cluster id ${clusterId};
  multihop; strict bind yes; passive yes;
  hold time 240;
  ipv4 { import all; export all; };
  ipv6 { import all; export all; };
}
`;

export const BIRD_REFLECTOR: ReflectorKind = {
  name: 'bird',
  commands: ['bird', 'birdc'],
  needsRoot: false,
  start: (port) => Bird.start(config(port)),
};
