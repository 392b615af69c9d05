/** Manul and one daemon in a network of their own, with an IPv4 and an IPv6 session that are protected. */
import type { Daemon, DaemonKind, NeighborConfig } from '../harness/daemons/daemon.ts';
import { pollUntil } from '../harness/deadline.ts';
import { ManulDaemon } from '../harness/manul/manul-daemon.ts';
import { bgpPeerYaml, dynamicNeighborYaml, nodeYaml } from '../harness/manul/resources.ts';
import type { NetworkNamespace } from '../harness/process/network-namespace.ts';
import { outputOf } from '../harness/process/run-command.ts';
import { BGP_PORT, MANUL, MANUL_ASN, makeNetwork, manulAsNeighbor, placeOf } from './topology.ts';

const DAEMON = placeOf(2);
const DAEMON_ASN = 64601;
export const SESSIONS = [
  { name: 'tor-v4', family: 'ipv4', daemon: DAEMON.address, manul: MANUL.address },
  { name: 'tor-v6', family: 'ipv6', daemon: DAEMON.ipv6Address, manul: MANUL.ipv6Address },
] as const;
export const RETURN_MS = 90_000;

/** A peer that nobody is: what is applied together with it is seen to be. */
export const MARKER = '10.66.0.99';
export const marker = (): string => bgpPeerYaml('marker', MARKER, BGP_PORT, DAEMON_ASN);

export const WITH_KEY = 'password: {secretKeyRef: {name: keys, key: tor}}';

export const secret = (key: string): string =>
  `apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: manul-system}
stringData: {tor: ${JSON.stringify(key)}}
`;

export const peers = (spec: string): string =>
  SESSIONS.map(
    ({ name, daemon }) => `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: ${name}}
spec: {peerIP: "${daemon}", asNumber: ${DAEMON_ASN}, ${spec}}
`,
  ).join('---\n');

export const range = (...spec: string[]): string =>
  dynamicNeighborYaml({
    name: 'clients',
    listenRanges: ['10.66.0.0/24', 'fd66::/64'],
    routeReflectorClient: false,
    spec: [`asNumbers: ["${DAEMON_ASN}"]`, ...spec],
  });

export class SecurePair {
  readonly #kind: DaemonKind;
  #network: NetworkNamespace | null = null;
  #manul: ManulDaemon | null = null;
  #daemon: Daemon | null = null;

  constructor(kind: DaemonKind) {
    this.#kind = kind;
  }

  get manul(): ManulDaemon {
    return this.#manul!;
  }

  get daemon(): Daemon {
    return this.#daemon!;
  }

  /** @param sessions the two sessions, as the daemon has them */
  async start(sessions: Partial<NeighborConfig>, files: Readonly<Record<string, string>>): Promise<void> {
    this.#network = makeNetwork(2);
    const node = { node: 'm1', asn: MANUL_ASN, port: BGP_PORT, ipv4Address: MANUL.address };
    this.#manul = await ManulDaemon.start({
      node: 'm1',
      namespace: this.#network,
      files: { 'node.yaml': nodeYaml({ ...node, ipv6Address: MANUL.ipv6Address }), ...files },
    });
    await this.startDaemon(sessions);
  }

  async startDaemon(sessions: Partial<NeighborConfig>): Promise<void> {
    this.#daemon = await this.#kind.start({
      namespace: this.#network,
      ...DAEMON,
      port: BGP_PORT,
      asn: DAEMON_ASN,
      routerId: DAEMON.address,
      networks: [],
      neighbors: SESSIONS.map(({ manul: address, family }) =>
        manulAsNeighbor({ address, families: [family], holdTimeSec: 9, ...sessions }),
      ),
    });
  }

  async stopDaemon(): Promise<void> {
    await this.#daemon?.stop();
    this.#daemon = null;
  }

  async stop(): Promise<void> {
    await this.stopDaemon();
    await this.#manul?.stop();
    this.#network?.remove();
  }

  /** Every session is up as both command lines show. */
  async established(): Promise<void> {
    for (const session of SESSIONS) {
      const isUp = ({ state }: { readonly state: string }): boolean => state === 'Established';
      await this.manul.untilPeer(session.daemon, isUp, 'Established', RETURN_MS);
      await pollUntil(
        async () => (await this.daemon.isEstablished(session.manul)) || null,
        `${this.daemon.name} shows ${session.manul} Established`,
        { deadlineMs: RETURN_MS },
      );
    }
  }

  async expectNoSession(): Promise<void> {
    for (const session of SESSIONS) expect(await this.daemon.isEstablished(session.manul)).toBe(false);
  }

  /** A counter of the kernel, of their namespace alone. */
  async dropped(counter: string): Promise<number> {
    const text = await outputOf('cat', ['/proc/net/netstat'], { namespace: this.#network });
    const lines = text.split('\n').filter((line) => line.startsWith('TcpExt:'));
    const [names, values] = lines.map((line) => line.split(' '));
    return Number(values![names!.indexOf(counter)]);
  }
}
