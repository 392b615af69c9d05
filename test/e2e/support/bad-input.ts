/**
 * A reflector with one bystander, an Established session that must not notice anything while other clients send
 * nonsense; and what `manul peers` and `/metrics` say about those clients afterwards.
 */
import type { TestPeer, TestPeerOptions } from '../../harness/bgp/test-peer.ts';
import type { ShownError, ShownPeerDetail } from '../../harness/manul/manul-daemon.ts';
import { type MetricFamily, parseExposition } from './exposition.ts';
import { type Reflector, startReflector } from './reflector.ts';
import type { PeerStatus } from './shown.ts';

export const BYSTANDER_PREFIX = '10.250.0.0/24';

export class BadInputScene {
  readonly reflector: Reflector;
  readonly bystander: TestPeer;
  readonly #network: string;
  readonly #since: string;
  #lastHost = 100;

  private constructor(reflector: Reflector, network: string, bystander: TestPeer, since: string) {
    this.reflector = reflector;
    this.bystander = bystander;
    this.#network = network;
    this.#since = since;
  }

  /** @param network first three octets of a loopback network that is this suite's own, `127.40.0` */
  static async open(network: string): Promise<BadInputScene> {
    const address = `${network}.1`;
    const reflector = await startReflector({ address, listenRanges: [`${network}.0/24`] });
    const bystander = await reflector.dial(`${network}.2`).established();
    bystander.announce([BYSTANDER_PREFIX], { nextHop: `${network}.2` });
    await reflector.daemon.untilPeer(`${network}.2`, (peer) => peer.accepted.ipv4 === 1, 'with its route');
    const shown = (await reflector.daemon.peers()) as readonly PeerStatus[];
    return new BadInputScene(reflector, network, bystander, shown[0]!.since);
  }

  /** An address of the range that nobody has used yet. */
  newAddress(): string {
    this.#lastHost += 1;
    return `${this.#network}.${this.#lastHost}`;
  }

  /** A client that sends only what the test tells it to: no OPEN, no KEEPALIVEs. */
  rawClient(): TestPeer {
    return this.client({ open: null, keepalives: false });
  }

  client(options: Partial<TestPeerOptions> = {}): TestPeer {
    return this.reflector.dial(this.newAddress(), options);
  }

  async shown(address: string): Promise<ShownPeerDetail> {
    const name = encodeURIComponent(`clients/${address}`);
    return JSON.parse(await this.reflector.daemon.httpGet(`/api/v1/peers/${name}`)) as ShownPeerDetail;
  }

  async metrics(): Promise<ReadonlyMap<string, MetricFamily>> {
    return parseExposition(await this.reflector.daemon.httpGet('/metrics'));
  }

  /** Throws when the bystander's session or routes have suffered, or the daemon has said that it has a fault. */
  async expectBystanderUndisturbed(): Promise<void> {
    expect(this.bystander).toMatchObject({ isEstablished: true, notification: null, failure: null });
    expect(await this.shown(`${this.#network}.2`)).toMatchObject({
      state: 'Established',
      since: this.#since,
      flaps: 0,
      accepted: { ipv4: 1 },
      lastError: null,
      treatedAsWithdraw: 0,
    });
    expect(this.reflector.daemon.log()).not.toMatch(/internal fault|uncaught|unhandled/i);
  }

  async close(): Promise<void> {
    await this.bystander.close();
    await this.reflector.daemon.stop();
  }
}

/** `direction code/subcode`, for comparison in one line. */
export function errorText(error: ShownError | null): string {
  return error === null ? 'none' : `${error.direction} ${error.code}/${error.subcode}`;
}
