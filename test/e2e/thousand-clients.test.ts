/** 1,000 dynamic clients at once: all establish, all get each other's routes, and nobody else's session suffers. */

import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { pollUntil } from '../harness/deadline.ts';
import { type BurstReport, ClientBurst, describeBurst } from './support/client-burst.ts';
import { parseExposition, sampleOf } from './support/exposition.ts';
import { usageOf } from './support/process-usage.ts';
import type { PeerStatus } from './support/shown.ts';

jest.setTimeout(180_000);

const CLIENTS = 1000;
/** Measured: 2 s and 145 MiB. */
const MAX_SECONDS = 30;
const MAX_RSS_BYTES = 400 * 1024 * 1024;

describe('1,000 dynamic clients at once', () => {
  let burst: ClientBurst;
  let report: BurstReport;
  /** A session that would not survive a pause of three seconds. */
  let bystander: TestPeer;

  beforeAll(async () => {
    burst = await ClientBurst.open(CLIENTS);
    bystander = await burst.reflector.dial('127.45.254.1', { holdTimeSec: 3 }).established();
    report = await burst.connect();
    console.log(describeBurst(report));
  });

  afterAll(async () => {
    await bystander?.close();
    await burst?.close();
  });

  function peers(): Promise<readonly PeerStatus[]> {
    return burst.reflector.daemon.read<readonly PeerStatus[]>('peers');
  }

  test('all establish and get the routes of all others, in time and within bounds of memory', () => {
    expect(report.completeSeconds).toBeLessThan(MAX_SECONDS);
    expect(report.peakRssBytes).toBeLessThan(MAX_RSS_BYTES);
  });

  test('commands and metrics show them all', async () => {
    const shown = await peers();
    expect(shown).toHaveLength(CLIENTS + 1);
    expect(new Set(shown.map(({ state, flaps, lastError }) => `${state} ${flaps} ${lastError}`))).toEqual(
      new Set(['Established 0 null']),
    );
    expect(shown.filter(({ advertised }) => advertised.ipv4 === CLIENTS - 1)).toHaveLength(CLIENTS);
    const metrics = parseExposition(await burst.reflector.daemon.httpGet('/metrics'));
    expect(sampleOf(metrics, 'manul_bgp_dynamic_sessions{neighbor="clients"}')).toBe(CLIENTS + 1);
    expect(sampleOf(metrics, 'manul_bgp_rib_prefixes{family="ipv4"}')).toBe(CLIENTS);
    expect(metrics.get('manul_bgp_peer_state')?.samples.size).toBe(1000); // the budget of series
  });

  test('half of them go at once: the others drop exactly their routes', async () => {
    await burst.drop((index) => index % 2 === 0);
    await burst.untilOnlyTheRestIsLearnt();
    await pollUntil(
      async () => (await peers()).filter(({ state }) => state === 'Idle').length === CLIENTS / 2 || null,
      'manul peers shows half of them in Idle',
    );
  });

  test('all go and come again: everything is there again, and memory does not pile up', async () => {
    const before = usageOf(burst.pid).rssBytes;
    for (let round = 0; round < 3; round++) {
      await burst.drop(() => true);
      const again = await burst.connect();
      expect(again.completeSeconds).toBeLessThan(MAX_SECONDS);
    }
    expect(usageOf(burst.pid).rssBytes).toBeLessThan(before * 1.5);
  });

  test('a session with a hold time of three seconds has lived through all this', async () => {
    expect(bystander).toMatchObject({ isEstablished: true, notification: null, failure: null });
    const shown = (await peers()).find(({ address }) => address === '127.45.254.1');
    expect(shown).toMatchObject({ state: 'Established', flaps: 0, lastError: null });
  });
});
