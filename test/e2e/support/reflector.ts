/** A route reflector as a process of its own, with one range of clients: what most suites here start with. */
import { TestPeer, type TestPeerOptions } from '../../harness/bgp/test-peer.ts';
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml, nodeYaml } from '../../harness/manul/resources.ts';
import { freePort } from '../../harness/process/free-port.ts';

export const ASN = 64512;

export interface ReflectorOptions {
  /** Its address on the loopback interface. */
  readonly address: string;
  readonly listenRanges: readonly string[];
  /** Default 90. */
  readonly holdTimeSec?: number;
  /** A command that runs the daemon, with its arguments. */
  readonly wrapper?: readonly string[];
  /** Further files of resources, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Reflector {
  readonly daemon: ManulDaemon;
  readonly address: string;
  readonly port: number;
  /** Connects from `localAddress`, which is the router ID too unless `options` say otherwise. */
  dial(localAddress: string, options?: Partial<TestPeerOptions>): TestPeer;
}

/** Node `rr-1`, AS 64512, cluster 244.0.0.1, DynamicNeighbor `clients`. */
export async function startReflector(options: ReflectorOptions): Promise<Reflector> {
  const { address, listenRanges, holdTimeSec = 90 } = options;
  const port = await freePort(address);
  const daemon = await ManulDaemon.start({
    node: 'rr-1',
    ...(options.wrapper === undefined ? {} : { wrapper: options.wrapper }),
    files: {
      'node.yaml': nodeYaml({ node: 'rr-1', asn: ASN, port, ipv4Address: address, clusterId: '244.0.0.1' }),
      'clients.yaml': dynamicNeighborYaml({
        name: 'clients',
        listenRanges,
        routeReflectorClient: true,
        holdTimeSec,
      }),
      ...options.files,
    },
  });
  const dial: Reflector['dial'] = (localAddress, peer = {}) =>
    TestPeer.dial({ address, port }, { asn: ASN, routerId: localAddress, localAddress, ...peer });
  return { daemon, address, port, dial };
}
