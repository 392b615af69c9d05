/** Names and addresses of the rack that the demo builds. All of it is inside namespaces, so every run uses the same. */
import { createHash } from 'node:crypto';
import type { ClusterPlan, PlannedNode } from './cluster-resources.ts';

/** BGP's own port: nothing of the machine's is in these namespaces. */
const BGP_PORT = 179;
export const HTTP_PORT = 9179;

export const RACK_SUBNET = '10.0.0.0/24';

export const ROUTER = { name: 'tor', address: '10.0.0.254', asn: 65_000 } as const;

/** Behind the router: a network that nodes and pods learn of by BGP. */
export const OUTSIDE = {
  subnet: '192.168.77.0/24',
  routerAddress: '192.168.77.1',
  host: '192.168.77.10',
} as const;

/** As Calico's CNI plugin names it. */
function interfaceNameOf(pod: string): string {
  return `cali${createHash('sha1').update(`demo.${pod}`).digest('hex').slice(0, 11)}`;
}

export interface RackNode extends PlannedNode {
  readonly pod: NonNullable<PlannedNode['pod']>;
}

export interface RackPlan extends ClusterPlan {
  readonly nodes: readonly RackNode[];
}

export const RACK: RackPlan = {
  asn: 64_512,
  listenPort: BGP_PORT,
  reflector: { name: 'rr-1', address: '10.0.0.100/24' },
  clientRange: RACK_SUBNET,
  nodes: [1, 2, 3].map((n) => ({
    name: `node-${n}`,
    address: `10.0.0.${n}/24`,
    block: `10.244.${n}.0/26`,
    pod: { name: `pod-${n}`, address: `10.244.${n}.10`, interfaceName: interfaceNameOf(`pod-${n}`) },
  })),
  router: ROUTER,
};

/** Without its prefix length. */
export function addressOf({ address }: { readonly address: string }): string {
  return address.replace(/\/\d+$/, '');
}

/** What a node's kernel must have learnt by BGP: the blocks of the others, and the network behind the router. */
export function expectedRoutes(node: RackNode): string[] {
  return [...RACK.nodes.filter((other) => other !== node).map(({ block }) => block), OUTSIDE.subnet];
}

export function drawRack(routerTitle: string): string {
  return `
  host ${OUTSIDE.host}
    |
   tor ${ROUTER.address}: ${routerTitle}, AS ${ROUTER.asn}
    |
 ---+-----------+-----------+-----------+------  ${RACK_SUBNET}, AS ${RACK.asn}
    |           |           |           |
   rr-1       node-1      node-2      node-3
 10.0.0.100  10.0.0.1    10.0.0.2    10.0.0.3
                |           |           |
              pod-1       pod-2       pod-3
          10.244.1.10 10.244.2.10 10.244.3.10`.slice(1);
}
