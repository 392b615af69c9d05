/**
 * A session over a link that has nothing but link-local addresses: both families, next hops on the link (RFC 2545,
 * RFC 8950). FRR runs with its zebra here, from which it learns what an interface is; it does so only after it has read of
 * its neighbors, and 8.4 then never dials one with such an address.
 */

import type { Family } from '../harness/bgp/prefix-text.ts';
import { BIRD } from '../harness/daemons/bird.ts';
import { FRR_ROUTER_COMMANDS, FrrRouter } from '../harness/daemons/frr-router.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';
import { blocksFile, DAEMON_NETWORKS, MANUL_BLOCKS } from './exchange.ts';
import { DAEMON, PAIR_START_MS, PAIR_TEST_MS } from './pair.ts';
import { BGP_PORT, MANUL, MANUL_ASN, manulAsNeighbor } from './topology.ts';

const LINK = 'wire0';
const OURS = 'fe80::a';
const THEIRS = 'fe80::b';
const PATIENCE = { deadlineMs: 60_000 };

const NODE = `apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: ${MANUL_ASN}, listenPort: ${BGP_PORT}, nodeToNodeMeshEnabled: false}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: m1}
spec: {bgp: {ipv4Address: ${MANUL.address}/32}}
`;
const PEER = `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: rack}
spec: {peerIP: "${THEIRS}%${LINK}", asNumber: ${MANUL_ASN}}
`;
const RANGE = dynamicNeighborYaml({ name: 'rack', listenRanges: ['fe80::/64'], routeReflectorClient: false });

/** The daemon on its end of the link. */
interface LinkEnd {
  isEstablished(): Promise<boolean>;
  /** Next hops of its paths to `prefix`. */
  nextHops(prefix: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

interface LinkDaemon {
  readonly name: string;
  readonly commands: readonly string[];
  start(namespace: NetworkNamespace, passive: boolean): Promise<LinkEnd>;
}

const familyOf = (prefix: string): Family => (prefix.includes(':') ? 'ipv6' : 'ipv4');

const BIRD_ON_LINK: LinkDaemon = {
  name: 'bird',
  commands: BIRD.commands,
  start: async (namespace, passive) => {
    const bird = await BIRD.start({
      namespace,
      ...DAEMON,
      port: BGP_PORT,
      asn: MANUL_ASN,
      routerId: DAEMON.address,
      networks: DAEMON_NETWORKS,
      neighbors: [manulAsNeighbor({ address: `${OURS}%${LINK}`, passive, extendedNextHop: true })],
    });
    return {
      isEstablished: () => bird.isEstablished(`${OURS}%${LINK}`),
      nextHops: async (prefix) => {
        const routes = await bird.routes(familyOf(prefix));
        return routes.filter((route) => route.prefix === prefix).map(({ nextHop }) => nextHop);
      },
      stop: () => bird.stop(),
    };
  },
};

const FRR_TEXT = `frr defaults datacenter
hostname frr
router bgp ${MANUL_ASN}
 bgp router-id ${DAEMON.address}
 no bgp default ipv4-unicast
 no bgp network import-check
 neighbor ${OURS} remote-as ${MANUL_ASN}
 neighbor ${OURS} interface ${LINK}
 neighbor ${OURS} capability extended-nexthop
 neighbor ${OURS} passive
${DAEMON_NETWORKS.map(
  (network) => ` address-family ${familyOf(network)} unicast
  neighbor ${OURS} activate
  network ${network}
 exit-address-family
`,
).join('')}`;

const FRR_ON_LINK: LinkDaemon = {
  name: 'frr',
  commands: FRR_ROUTER_COMMANDS,
  start: async (namespace) => {
    const frr = await FrrRouter.start(namespace, FRR_TEXT);
    return {
      isEstablished: async () =>
        (await frr.command(`show bgp neighbors ${OURS}`)).includes('BGP state = Established'),
      nextHops: async (prefix) => {
        const shown = JSON.parse(
          await frr.command(`show bgp ${familyOf(prefix)} unicast ${prefix} json`),
        ) as {
          readonly paths?: readonly { readonly nexthops: readonly { readonly ip: string }[] }[];
        };
        return (shown.paths ?? []).flatMap(({ nexthops }) => nexthops.map(({ ip }) => ip));
      },
      stop: () => frr.stop(),
    };
  },
};

const dialed = { resource: PEER, name: 'rack', passive: true };
const CASES = [
  { ...dialed, kind: BIRD_ON_LINK, who: 'bird, Manul dials' },
  { kind: BIRD_ON_LINK, who: 'bird dials', resource: RANGE, name: `rack/${THEIRS}%${LINK}`, passive: false },
  { ...dialed, kind: FRR_ON_LINK, who: 'frr, Manul dials' },
];

describe.each(CASES)('$who', ({ kind, resource, name, passive }) => {
  describeWith({ root: true, commands: kind.commands }, 'over a link without addresses', () => {
    const spaces: NetworkNamespace[] = [];
    let manul: ManulDaemon;
    let daemon: LinkEnd;

    beforeAll(async () => {
      const [near, far] = [MANUL, DAEMON].map(
        ({ address }) => new NetworkNamespace('link', [`${address}/32`]),
      ) as [NetworkNamespace, NetworkNamespace];
      spaces.push(near, far);
      near.connect(far, LINK, OURS, THEIRS);
      manul = await ManulDaemon.start({
        node: 'm1',
        namespace: near,
        files: { 'node.yaml': NODE, 'neighbor.yaml': resource, 'blocks.yaml': blocksFile(MANUL_BLOCKS) },
      });
      daemon = await kind.start(far, passive);
    }, PAIR_START_MS);

    afterAll(async () => {
      await daemon?.stop();
      await manul?.stop();
      for (const space of spaces.splice(0)) space.remove();
    }, PAIR_START_MS);

    test(
      'the session comes up, with the interface in its address',
      async () => {
        const isUp = ({ state }: { readonly state: string }): boolean => state === 'Established';
        const peer = await manul.untilPeer(`${THEIRS}%${LINK}`, isUp, 'Established', PATIENCE.deadlineMs);
        expect(peer.name).toBe(name);
        await pollUntil(
          async () => (await daemon.isEstablished()) || null,
          `${kind.name} shows it Established`,
        );
      },
      PAIR_TEST_MS,
    );

    test(
      'routes of both families arrive with next hops on the link',
      async () => {
        for (const prefix of DAEMON_NETWORKS) {
          const route = await pollUntil(
            async () => (await manul.routes(prefix)).find(({ best }) => best),
            `manul has ${prefix}`,
            PATIENCE,
          );
          expect(route.nextHop).toBe(`${THEIRS}%${LINK}`);
        }
        for (const prefix of MANUL_BLOCKS) {
          const hops = await pollUntil(
            async () => {
              const shown = await daemon.nextHops(prefix);
              return shown.length > 0 ? shown : null;
            },
            `${kind.name} has ${prefix}`,
            PATIENCE,
          );
          expect(hops).toContain(OURS);
        }
      },
      PAIR_TEST_MS,
    );
  });
});
