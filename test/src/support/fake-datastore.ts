/** A datastore in memory: snapshots are what the test says. */
import type { Datastore, DatastoreSnapshot, NodeConfig, ResourceProblem, ResourceSet } from '@manul/config';

export class FakeDatastore implements Datastore {
  reloads = 0;
  closed = false;
  #onSnapshot: (snapshot: DatastoreSnapshot) => void = () => {};
  readonly #first: DatastoreSnapshot | null;

  constructor(first: DatastoreSnapshot | null = snapshot()) {
    this.#first = first;
  }

  async start(onSnapshot: (snapshot: DatastoreSnapshot) => void): Promise<void> {
    this.#onSnapshot = onSnapshot;
    if (this.#first !== null) onSnapshot(this.#first);
  }

  async reload(): Promise<void> {
    this.reloads += 1;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  deliver(next: DatastoreSnapshot): void {
    this.#onSnapshot(next);
  }
}

export function snapshot(problems: readonly ResourceProblem[] = [], inSync = true): DatastoreSnapshot {
  return { resources: {} as ResourceSet, problems, inSync, stale: [] };
}

export function problem(overrides: Partial<ResourceProblem> = {}): ResourceProblem {
  return {
    file: 'a.yaml',
    line: 7,
    resource: 'BGPPeer/tor',
    field: 'spec.peerIP',
    text: 'is no address',
    severity: 'error',
    ...overrides,
  };
}

/** What a render function of a test returns. */
export function nodeConfig(overrides: Partial<NodeConfig> = {}): NodeConfig {
  return {
    rendered: {
      node: 'node-1',
      asn: 64512,
      routerId: '192.0.2.1',
      clusterId: null,
      listen: [],
      peers: [],
      dynamic: [],
      originated: [],
      pools: [],
      communities: [],
      routePriority: { ipv4: 1024, ipv6: 1024 },
      ignoredInterfaces: [],
      decision: { alwaysCompareMed: false, multipath: 'relaxed', maxPaths: 16 },
      warnings: [],
    },
    speaker: {
      asn: 64512,
      routerId: '192.0.2.1',
      clusterId: null,
      listen: [],
      peers: [],
      dynamic: [],
      originated: [],
    },
    agent: {
      node: 'node-1',
      routeProtocol: 80,
      routePriority: { ipv4: 1024, ipv6: 1024 },
      workloads: [],
      workloadSource: { ipv4: null, ipv6: null },
      blocks: [],
      pools: [],
      nat: {
        sources: [],
        exclusions: [],
        address: { ipv4: null, ipv6: null },
        ports: null,
        outInterface: null,
      },
      tunnelFilter: {
        externalSources: [],
        vxlanPort: 4789,
        allowFromWorkloads: { ipip: false, vxlan: false },
      },
      mtu: { interfacePattern: '^eth' },
      serviceRanges: [],
      gatewayRoutes: [],
      peeringAddresses: [],
      routeRefreshSec: 90,
      ipForwarding: true,
      removeExternalRoutes: true,
      interfacePrefixes: ['cali'],
      addresses: { ipv4: { address: '192.0.2.1', subnet: '192.0.2.1/32' }, ipv6: null },
      tunnels: { ipip: null, vxlan: { ipv4: null, ipv6: null } },
      remoteNodes: [],
      remotePrefixes: [],
      programmed: { ipip: true, noEncapsulation: true },
      podCidrs: [],
    },
    ...overrides,
  };
}
