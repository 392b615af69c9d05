/** What a running reflector serves over HTTP: metrics that a scraper accepts, health, looking glass, API, events. */
import { encodeNotification } from '../harness/bgp/encode.ts';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { DaemonEvents } from './support/daemon-events.ts';
import { parseExposition, sampleOf } from './support/exposition.ts';
import { type HttpAnswer, httpAsk } from './support/http-get.ts';
import { type Reflector, startReflector } from './support/reflector.ts';
import type { PeerStatus, RouteStatus } from './support/shown.ts';

jest.setTimeout(60_000);

const NETWORK = '127.51.0';
const A = `${NETWORK}.11`;
const B = `${NETWORK}.12`;
/** Would act on a terminal, in a page, and on the order of the letters around it. */
const NASTY = '<script>alert(1)</script>\u001b[31m\u202e"&';

describe('HTTP of a running reflector', () => {
  let reflector: Reflector;
  let a: TestPeer;
  let b: TestPeer;

  beforeAll(async () => {
    reflector = await startReflector({ address: `${NETWORK}.1`, listenRanges: [`${NETWORK}.0/24`] });
    a = await reflector.dial(A).established();
    b = await reflector.dial(B).established();
    a.announce(['10.51.0.0/16', '10.51.1.0/24'], { nextHop: A, asPath: [65001] });
    await b.route('10.51.1.0/24');
    const rude = await reflector.dial(`${NETWORK}.13`).established();
    const text = Buffer.from(NASTY);
    rude.send(encodeNotification(6, 2, Buffer.concat([Buffer.from([text.length]), text])));
    await rude.closed();
    await reflector.daemon.untilPeer(`${NETWORK}.13`, ({ lastError }) => lastError !== null, 'with an error');
  });

  afterAll(async () => {
    await Promise.all([a?.close(), b?.close()]);
    await reflector?.daemon.stop();
  });

  const ask = (path: string, method = 'GET', accept?: string): Promise<HttpAnswer> =>
    httpAsk({ at: reflector.daemon.httpPort, path, method, ...(accept === undefined ? {} : { accept }) });

  test('metrics are well-formed, complete, and right', async () => {
    const { status, headers, body } = await ask('/metrics');
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const metrics = parseExposition(body);
    expect([...metrics.keys()]).toEqual(expect.arrayContaining(NAMES.map((name) => `manul_${name}`)));
    const value = (series: string): number => sampleOf(metrics, `manul_${series}`);
    expect(value(`bgp_peer_state{peer="clients/${A}",kind="dynamic",asn="64512"}`)).toBe(6);
    expect(value(`bgp_prefixes{peer="clients/${A}",family="ipv4",view="received"}`)).toBe(2);
    expect(value(`bgp_prefixes{peer="clients/${B}",family="ipv4",view="advertised"}`)).toBe(2);
    expect(value('bgp_peers{state="Established",kind="dynamic"}')).toBe(2);
    expect(value('bgp_peers{state="OpenSent",kind="mesh"}')).toBe(0);
    expect(value(`bgp_messages_total{peer="clients/${A}",direction="received",type="update"}`)).toBe(1);
    expect(value('bgp_dynamic_sessions{neighbor="clients"}')).toBe(2);
    expect(value('bgp_rib_prefixes{family="ipv4"}')).toBe(2);
    expect(value('bgp_propagation_seconds_count')).toBeGreaterThan(0);
    expect(value('datastore_in_sync')).toBe(1);
    expect(value('event_loop_delay_seconds{quantile="0.999"}')).toBeGreaterThanOrEqual(0);
    const established = value(`bgp_peer_established_timestamp_seconds{peer="clients/${A}"}`);
    expect(Math.abs(Date.now() / 1000 - established)).toBeLessThan(60);
  });

  test('counters never fall from one scrape to the next', async () => {
    const [before, after] = [await ask('/metrics'), await ask('/metrics')].map(({ body }) =>
      parseExposition(body),
    );
    for (const { name, type, samples } of before!.values()) {
      if (type !== 'counter') continue;
      for (const [series, value] of samples) {
        expect(after!.get(name)?.samples.get(series)).toBeGreaterThanOrEqual(value);
      }
    }
  });

  test.each([
    ['/livez', 200, 'ok\n'],
    ['/readyz', 200, 'ok\n'],
    ['/api/v1/nothing', 404, '{"error":"no such page: /api/v1/nothing"}\n'],
    ['/api/v1/peers/nobody', 404, '{"error":"no peer \\"nobody\\""}\n'],
    ['/api/v1/routes?received=nobody', 404, '{"error":"no peer \\"nobody\\""}\n'],
    ['/api/v1/routes?prefix=banana', 400, '{"error":"prefix: \\"banana\\" is no prefix"}\n'],
    ['/api/v1/routes?colour=red', 400, '{"error":"unknown parameter \\"colour\\""}\n'],
    ['/api/v1/routes?kernel=true', 404, '{"error":"this process has no agent role"}\n'],
    ['/%', 404, '{"error":"no such page: /%"}\n'],
    ['/api/v1/peers/%ff', 400, '{"error":"the path is not valid percent-encoding"}\n'],
  ])('GET %s: %i', async (path, status, body) => {
    expect(await ask(path)).toMatchObject({ status, body });
  });

  test.each(['POST', 'PUT', 'DELETE'])('%s changes nothing: 405', async (method) => {
    for (const path of ['/', '/api/v1/peers', '/metrics']) {
      expect(await ask(path, method)).toMatchObject({ status: 405, headers: { allow: 'GET' } });
    }
  });

  test('what acts is possible on the control socket alone', async () => {
    const path = `/api/v1/peers/${encodeURIComponent(`clients/${B}`)}/reset`;
    expect((await ask(path, 'POST')).status).toBe(405);
    expect(b.isEstablished).toBe(true);
    const { controlPath } = reflector.daemon;
    expect((await httpAsk({ at: controlPath, path: '/api/v1/status' })).status).toBe(200);
  });

  test('the API says the same as the commands', async () => {
    const { body } = await ask('/api/v1/routes');
    const without = (routes: readonly RouteStatus[]): unknown =>
      routes.map((route) => ({ ...route, age: 0 }));
    const shown = await reflector.daemon.read<readonly RouteStatus[]>('routes');
    expect(without(JSON.parse(body) as readonly RouteStatus[])).toEqual(without(shown));
    const lines = (await ask('/api/v1/routes', 'GET', 'application/x-ndjson')).body.trimEnd().split('\n');
    expect(without(lines.map((line) => JSON.parse(line) as RouteStatus))).toEqual(without(shown));
    const peers = JSON.parse((await ask('/api/v1/peers')).body) as readonly PeerStatus[];
    expect(peers.map(({ name, state }) => `${name} ${state}`)).toEqual([
      `clients/${A} Established`,
      `clients/${B} Established`,
      `clients/${NETWORK}.13 Idle`,
    ]);
  });

  test('the looking glass finds prefixes and addresses, and text of peers stays text', async () => {
    const { status, headers, body } = await ask('/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(body).toContain(`clients/${A}`);
    expect(body).toContain('10.51.1.0/24');
    expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(body).not.toMatch(/<script|(?!\n)[\p{Cc}\p{Cf}]/u);
    const found = async (search: string): Promise<string> =>
      (await ask(`/?q=${encodeURIComponent(search)}`)).body;
    expect(await found('10.51.1.7')).toContain('<td>10.51.1.0/24<td>');
    expect(await found('10.51.1.7')).not.toContain('<td>10.51.0.0/16<td>');
    expect(await found('10.51.0.0/16')).toContain('<td>10.51.0.0/16<td>');
    expect(await found('"><script>')).not.toContain('<script');
  });

  test('no output of any kind lets the text of a peer act on the terminal', async () => {
    for (const words of [['peers'], ['peers', `clients/${NETWORK}.13`], ['status']]) {
      for (const format of ['table', 'json', 'yaml']) {
        const { stdout } = await reflector.daemon.run(...words, '-o', format);
        expect(stdout).toContain('alert(1)');
        expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
      }
    }
    expect(reflector.daemon.log()).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });

  test('events arrive as they happen: sessions, routes, NOTIFICATIONs', async () => {
    const watcher = await DaemonEvents.open(reflector.daemon.httpPort);
    a.announce(['10.51.2.0/24'], { nextHop: A });
    expect(await watcher.until(({ prefix }) => prefix === '10.51.2.0/24', 'the new route')).toMatchObject({
      kind: 'route',
      nextHop: A,
      peer: `clients/${A}`,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
    const late = await reflector.dial(`${NETWORK}.14`).established();
    const isUp = ({ peer, to }: { peer?: string | null; to?: string }): boolean =>
      peer === `clients/${NETWORK}.14` && to === 'Established';
    await watcher.until(isUp, 'the new session');
    await late.shutdown();
    await watcher.until(
      ({ kind, peer }) => kind === 'notification' && peer === `clients/${NETWORK}.14`,
      'its NOTIFICATION',
    );
    a.withdraw(['10.51.2.0/24']);
    const isGone = ({ prefix, nextHop }: { prefix?: string; nextHop?: string | null }): boolean =>
      prefix === '10.51.2.0/24' && nextHop === null;
    await watcher.until(isGone, 'the withdrawal');
    watcher.close();
  });
});

const NAMES = [
  ...['bgp_peer_state', 'bgp_peer_established_timestamp_seconds', 'bgp_peer_flaps_total', 'bgp_peers'],
  ...['bgp_messages_total', 'bgp_prefixes', 'bgp_notifications_total', 'bgp_rib_prefixes', 'bgp_rib_paths'],
  ...['bgp_propagation_seconds', 'bgp_dynamic_sessions', 'bgp_dynamic_refused_total'],
  ...['event_loop_delay_seconds', 'datastore_in_sync', 'datastore_invalid_resources'],
];
