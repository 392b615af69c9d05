/** A client that announces more prefixes than its limit allows, again and again: nobody else notices. */
import { describeFlood, type FloodReport, PrefixFlood } from './support/prefix-flood.ts';
import { usageOf } from './support/process-usage.ts';

jest.setTimeout(180_000);

const PREFIXES = 400_000;
const LIMIT = 100_000;
/** Measured on two cores with much other work: 0.5 s and 115 MiB. */
const MAX_PROBE_MS = 5_000;
const MAX_RSS_BYTES = 400 * 1024 * 1024;

describe('a client that announces four times as many prefixes as it may, in four sessions', () => {
  let flood: PrefixFlood;
  let report: FloodReport;

  beforeAll(async () => {
    flood = await PrefixFlood.open({ prefixes: PREFIXES, limit: LIMIT });
    report = await flood.run();
    console.log(describeFlood(report));
  });

  afterAll(() => flood?.close());

  test('gets Cease 6/1 each time, as manul peers shows', async () => {
    expect(report.announced).toBeGreaterThanOrEqual(PREFIXES);
    expect(report.ceases).toBeGreaterThanOrEqual(3);
    expect(await flood.flooder()).toMatchObject({
      state: 'Idle',
      lastError: { direction: 'sent', code: 6, subcode: 1 },
    });
  });

  test('delays the routes of others by less than their hold time, and takes no session from them', async () => {
    expect(report.probes).toBeGreaterThan(3);
    expect(report.slowestProbeMs).toBeLessThan(MAX_PROBE_MS);
    for (const witness of flood.witnesses) {
      expect(witness).toMatchObject({ isEstablished: true, notification: null, failure: null });
    }
    expect(flood.sinkIsThere).toBe(true);
    const others = (await flood.reflector.daemon.peers()).filter(({ name }) => name.startsWith('clients/'));
    expect(others.map(({ state, flaps }) => `${state} ${flaps}`)).toEqual(Array(3).fill('Established 0'));
  });

  test('has no more memory than its limit takes', () => {
    expect(report.peakRssBytes).toBeLessThan(MAX_RSS_BYTES);
    expect(usageOf(flood.reflector.daemon.pid).rssBytes).toBeLessThan(MAX_RSS_BYTES);
  });
});
