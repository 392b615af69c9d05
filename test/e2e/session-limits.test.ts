/** The limits of a listen range, and clients that connect more often than they should. */
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { parseExposition, sampleOf } from './support/exposition.ts';
import { type Reflector, startReflector } from './support/reflector.ts';

jest.setTimeout(60_000);

const NETWORK = '127.53.0';
const A = `${NETWORK}.11`;
const B = `${NETWORK}.12`;
const C = `${NETWORK}.13`;
const D = `${NETWORK}.14`;
const FEW_SESSIONS = '127.53.1';
const FEW_PREFIXES = '127.53.2';

describe('limits of a listen range', () => {
  let reflector: Reflector;
  const peers: TestPeer[] = [];

  beforeAll(async () => {
    const limited = (name: string, range: string, limit: string): string =>
      dynamicNeighborYaml({ name, listenRanges: [range], routeReflectorClient: true, spec: [limit] });
    reflector = await startReflector({
      address: `${NETWORK}.1`,
      listenRanges: [`${NETWORK}.0/24`],
      files: {
        'few-sessions.yaml': limited('few-sessions', `${FEW_SESSIONS}.0/24`, 'maxSessions: 2'),
        'few-prefixes.yaml': limited('few-prefixes', `${FEW_PREFIXES}.0/24`, 'maxPrefixes: 2'),
      },
    });
  });

  afterAll(() => reflector?.daemon.stop());

  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.close()));
  });

  function dial(localAddress: string, options: Parameters<Reflector['dial']>[1] = {}): TestPeer {
    const peer = reflector.dial(localAddress, options);
    peers.push(peer);
    return peer;
  }

  async function refused(neighbor: string, reason: string): Promise<number> {
    const metrics = parseExposition(await reflector.daemon.httpGet('/metrics'));
    return sampleOf(metrics, `manul_bgp_dynamic_refused_total{neighbor="${neighbor}",reason="${reason}"}`);
  }

  test('one session too many is refused with 6/8, and has its place when another goes', async () => {
    const [first] = [
      await dial(`${FEW_SESSIONS}.1`).established(),
      await dial(`${FEW_SESSIONS}.2`).established(),
    ];
    const third = dial(`${FEW_SESSIONS}.3`);
    expect(await third.notified()).toMatchObject({ code: 6, subcode: 8 });
    await third.closed();
    expect(await refused('few-sessions', 'session-limit')).toBe(1);
    await dial(`${NETWORK}.15`).established(); // other ranges are not concerned
    await first.close();
    await reflector.daemon.untilPeer(`${FEW_SESSIONS}.1`, ({ state }) => state === 'Idle', 'Idle');
    await dial(`${FEW_SESSIONS}.3`).established();
  });

  test('one prefix too many ends the session with 6/1 and its family and limit; the client may come back', async () => {
    const client = await dial(`${FEW_PREFIXES}.1`).established();
    client.announce(['fd53::/48', 'fd53:1::/48'], { nextHop: 'fd53::1' }); // each family has its own count
    client.announce(['10.7.0.0/16', '10.8.0.0/16', '10.9.0.0/16'], { nextHop: A });
    expect(await client.notified()).toMatchObject({
      code: 6,
      subcode: 1,
      data: Buffer.from([0, 1, 1, 0, 0, 0, 2]), // AFI, SAFI, limit (RFC 4486 §4)
    });
    await client.closed();
    const again = await dial(`${FEW_PREFIXES}.1`).established();
    again.announce(['10.7.0.0/16'], { nextHop: A });
    const shown = await reflector.daemon.untilPeer(
      `${FEW_PREFIXES}.1`,
      (peer) => peer.accepted.ipv4 === 1,
      '',
    );
    expect(shown.lastError).toMatchObject({ direction: 'sent', code: 6, subcode: 1 });
  });

  test('a second connection of an Established client is refused with 6/7; its session goes on', async () => {
    const client = await dial(A).established();
    const second = dial(A);
    expect(await second.notified()).toMatchObject({ code: 6, subcode: 7 });
    await second.closed();
    expect(await refused('clients', 'duplicate')).toBe(1);
    const bystander = await dial(B).established();
    client.announce(['10.53.0.0/16'], { nextHop: A });
    await bystander.route('10.53.0.0/16');
  });

  test('connections that say nothing keep nobody out: the client itself gets in', async () => {
    const silent = Array.from({ length: 100 }, () => dial(C, { open: null, keepalives: false }));
    await Promise.all(silent.map((one) => one.until((peer) => peer.open ?? peer.notification, 'an answer')));
    const client = await dial(C).established();
    for (const one of silent) await one.close();
    const bystander = await dial(D).established();
    client.announce(['10.53.1.0/24'], { nextHop: C });
    await bystander.route('10.53.1.0/24');
    expect(client).toMatchObject({ isEstablished: true, notification: null });
  });
});
