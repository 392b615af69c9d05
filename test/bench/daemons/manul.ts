/** Manul as reflector, as shipped: a Node, a DynamicNeighbor, every default. */
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml, nodeYaml } from '../../harness/manul/resources.ts';
import { TempFolder } from '../../harness/process/temp-folder.ts';
import { takeLoopDelay, withProbe } from '../kernel/loop-delay.ts';
import { REFLECTOR, type ReflectorKind, type RunningReflector } from './reflector.ts';

const { address, asn, routerId, clusterId, clients } = REFLECTOR;

interface Setup {
  readonly exportFilter: string | null;
  readonly wrapper: readonly string[];
}

export function launch(port: number, { exportFilter, wrapper }: Setup): Promise<ManulDaemon> {
  return ManulDaemon.start({
    node: 'rr-1',
    wrapper,
    arguments: ['--router-id', routerId],
    files: {
      'node.yaml': nodeYaml({ node: 'rr-1', asn, port, ipv4Address: address, clusterId }),
      'clients.yaml': dynamicNeighborYaml({
        name: 'clients',
        listenRanges: [clients],
        routeReflectorClient: true,
        ...(exportFilter === null ? {} : { spec: ['filters: [clients]'] }),
      }),
      ...(exportFilter === null ? {} : { 'filter.yaml': exportFilter }),
    },
  });
}

async function launchProbed(port: number, exportFilter: string | null): Promise<RunningReflector> {
  const folder = new TempFolder('loop');
  const file = folder.file('delay.json');
  const daemon = await launch(port, { exportFilter, wrapper: withProbe(file) });
  return {
    pid: daemon.pid,
    httpPort: daemon.httpPort,
    loopDelay: () => takeLoopDelay(daemon.pid, file),
    log: () => daemon.log(),
    stop: async () => {
      await daemon.stop();
      folder.remove();
    },
  };
}

const start = (port: number, isProbed: boolean, exportFilter: string | null): Promise<RunningReflector> =>
  isProbed ? launchProbed(port, exportFilter) : launch(port, { exportFilter, wrapper: [] });

export const MANUL_REFLECTOR: ReflectorKind = {
  name: 'manul',
  commands: [],
  needsRoot: false,
  start: (port, isProbed) => start(port, isProbed, null),
};

/** Every route is held against two rules and passes by the second, so that the receivers get the same. */
const EXPORT_FILTER = `apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: clients}
spec:
  exportV4:
    - {action: Reject, matchOperator: In, cidr: 203.0.113.0/24}
    - {action: Accept, matchOperator: In, cidr: 0.0.0.0/0}
  exportV6:
    - {action: Reject, matchOperator: In, cidr: "2001:db8:ffff::/48"}
    - {action: Accept, matchOperator: In, cidr: "::/0"}
`;

/** Manul with an export filter on every session: what policy costs. */
export const FILTERING_REFLECTOR: ReflectorKind = {
  name: 'manul-filter',
  commands: [],
  needsRoot: false,
  start: (port, isProbed) => start(port, isProbed, EXPORT_FILTER),
};
