/** Manul as reflector, as shipped: a Node, a DynamicNeighbor, every default. */
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml, nodeYaml } from '../../harness/manul/resources.ts';
import { REFLECTOR, type ReflectorKind } from './reflector.ts';

const { address, asn, routerId, clusterId, clients } = REFLECTOR;

export const MANUL_REFLECTOR: ReflectorKind = {
  name: 'manul',
  commands: [],
  needsRoot: false,
  start: (port) =>
    ManulDaemon.start({
      node: 'rr-1',
      arguments: ['--router-id', routerId],
      files: {
        'node.yaml': nodeYaml({ node: 'rr-1', asn, port, ipv4Address: address, clusterId }),
        'clients.yaml': dynamicNeighborYaml({
          name: 'clients',
          listenRanges: [clients],
          routeReflectorClient: true,
        }),
      },
    }),
};
