import { setTimeout as sleep } from 'node:timers/promises';
import { EventLoopDelay } from '../../../src/metrics/event-loop-delay.ts';
import { FoldedCounters } from '../../../src/metrics/folded-counters.ts';
import { inSlices } from '../../../src/metrics/in-slices.ts';
import { MAX_NAMED_MESH_PEERS, MAX_NAMED_PEERS, namedPeers } from '../../../src/metrics/peer-budget.ts';
import { counterSamples, FLAPS } from '../../../src/metrics/peer-samples.ts';
import { runDaemon, type TestDaemon, type TestDaemonOptions } from '../support/run-daemon.ts';
import { peer } from '../support/samples.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const folder = temporaryFolder();
const running: TestDaemon[] = [];

async function run(setup: TestDaemonOptions = {}): Promise<TestDaemon> {
  const daemon = await runDaemon(folder, setup);
  running.push(daemon);
  return daemon;
}

/** Lines of `/metrics` about our own metrics. */
async function scrape(test: TestDaemon): Promise<readonly string[]> {
  const response = await test.get('/metrics');
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  return (await response.text()).split('\n').filter((line) => line.startsWith('manul_'));
}

afterEach(async () => {
  for (const { daemon } of running.splice(0)) await daemon.close();
});

test('a configured peer has series of its own', async () => {
  const test = await run();
  test.speaker.peerList = [peer()];
  test.speaker.summary = { prefixes: { ipv4: 7, ipv6: 0 }, paths: { ipv4: 9, ipv6: 0 } };
  test.speaker.emit({
    kind: 'notification',
    peer: 'tor',
    error: { direction: 'received', code: 6, subcode: 2, text: '', at: '' },
  });
  const stranger = { address: '203.0.113.1', peer: null, neighbor: null };
  test.speaker.emit({ kind: 'refused', ...stranger, reason: 'outside-ranges', notification: null });
  test.speaker.propagate(0.003);
  const lines = await scrape(test);
  expect(lines).toEqual(
    expect.arrayContaining([
      'manul_bgp_peer_state{peer="tor",kind="configured",asn="65001"} 6',
      'manul_bgp_peer_established_timestamp_seconds{peer="tor"} 1767225600',
      'manul_bgp_peer_flaps_total{peer="tor"} 1',
      'manul_bgp_peers{state="Established",kind="configured"} 1',
      'manul_bgp_peers{state="Idle",kind="mesh"} 0',
      'manul_bgp_messages_total{peer="tor",direction="sent",type="update"} 3',
      'manul_bgp_messages_total{peer="tor",direction="received",type="keepalive"} 8',
      'manul_bgp_prefixes{peer="tor",family="ipv4",view="received"} 5',
      'manul_bgp_prefixes{peer="tor",family="ipv4",view="accepted"} 4',
      'manul_bgp_prefixes{peer="tor",family="ipv4",view="advertised"} 2',
      'manul_bgp_notifications_total{peer="tor",direction="received",code="6",subcode="2"} 1',
      'manul_bgp_rib_prefixes{family="ipv4"} 7',
      'manul_bgp_rib_paths{family="ipv4"} 9',
      'manul_bgp_propagation_seconds_count 1',
      'manul_bgp_dynamic_refused_total{neighbor="",reason="outside-ranges"} 1',
      'manul_datastore_in_sync 1',
    ]),
  );
  for (const quantile of ['0.5', '0.9', '0.99', '0.999', '1']) {
    expect(
      lines.some((line) => line.startsWith(`manul_event_loop_delay_seconds{quantile="${quantile}"}`)),
    ).toBe(true);
  }
  expect(lines.some((line) => /^manul_event_loop_delay_seconds_count \d+$/.test(line))).toBe(true);
});

test('NOTIFICATIONs to a peer that is gone, or that never was one, are not lost', async () => {
  const test = await run();
  const notified = (peer: string, code: number, subcode: number) =>
    test.speaker.emit({
      kind: 'notification',
      peer,
      error: { direction: 'sent', code, subcode, text: '', at: '' },
    });
  const lines = async () =>
    (await scrape(test)).filter((line) => line.startsWith('manul_bgp_notifications_total'));
  const others = 'manul_bgp_notifications_total{peer="_others",direction="sent",code="6"';
  test.speaker.peerList = [peer()];
  notified('tor', 6, 4);
  expect(await lines()).toEqual([
    'manul_bgp_notifications_total{peer="tor",direction="sent",code="6",subcode="4"} 1',
  ]);
  test.speaker.peerList = [];
  notified('tor', 6, 3);
  const client = { address: '203.0.113.1', peer: null, neighbor: 'clients' };
  test.speaker.emit({
    kind: 'refused',
    ...client,
    reason: 'session-limit',
    notification: { code: 6, subcode: 8 },
  });
  const expected = [`${others},subcode="4"} 1`, `${others},subcode="3"} 1`, `${others},subcode="8"} 1`];
  expect((await lines()).sort()).toEqual(expected.sort());
  expect((await lines()).sort()).toEqual(expected);
});

test('a peer that invents codes of NOTIFICATIONs does not make series without end', async () => {
  const test = await run();
  test.speaker.peerList = [peer()];
  for (let code = 0; code < 256; code++) {
    for (const from of ['tor', `gone-${code}`]) {
      const error = { direction: 'received', code, subcode: code, text: '', at: '' } as const;
      test.speaker.emit({ kind: 'notification', peer: from, error });
    }
  }
  const lines = (await scrape(test)).filter((line) => line.startsWith('manul_bgp_notifications_total'));
  expect(lines.length).toBeLessThan(300);
  const total = lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  expect(total).toBe(512);
  const invented = 'direction="received",code="other",subcode="other"';
  expect(lines).toContain(`manul_bgp_notifications_total{peer="tor",${invented}} 128`);
  expect(lines).toContain(`manul_bgp_notifications_total{peer="_others",${invented}} 128`);
});

test('a mesh is summed up, but for the peers that are not Established', async () => {
  const test = await run();
  const up = (i: number) => peer({ name: `mesh/n${i}`, kind: 'mesh', received: { ipv4: 10 } });
  test.speaker.peerList = [
    up(1),
    up(2),
    peer({ name: 'mesh/n3', kind: 'mesh', state: 'Active', received: {} }),
  ];
  const lines = await scrape(test);
  expect(lines.filter((line) => line.includes('peer="mesh/n1"'))).toEqual([]);
  expect(lines).toEqual(
    expect.arrayContaining([
      'manul_bgp_peer_state{peer="mesh/n3",kind="mesh",asn="65001"} 3',
      'manul_bgp_prefixes{peer="_others",family="ipv4",view="received"} 20',
      'manul_bgp_messages_total{peer="_others",direction="sent",type="update"} 6',
    ]),
  );
  test.speaker.peerList = [up(1)];
  const later = await scrape(test);
  expect(later).toContain('manul_bgp_messages_total{peer="_others",direction="sent",type="update"} 6');
  expect(later).toContain('manul_bgp_prefixes{peer="_others",family="ipv4",view="received"} 10');
});

test('dynamic sessions are counted by neighbor', async () => {
  const test = await run();
  test.speaker.peerList = [
    peer({ name: 'rack/192.0.2.1', kind: 'dynamic' }),
    peer({ name: 'rack/192.0.2.2', kind: 'dynamic', state: 'Idle' }),
  ];
  expect(await scrape(test)).toContain('manul_bgp_dynamic_sessions{neighbor="rack"} 1');
});

test('the agent tells about routes, writes and applies', async () => {
  const test = await run({ roles: ['agent'] });
  test.agent.write({ op: 'add', result: 'ok', count: 12 });
  test.agent.becomeReady([]);
  expect(await scrape(test)).toEqual(
    expect.arrayContaining([
      'manul_kernel_routes{view="desired"} 3',
      'manul_kernel_in_sync 1',
      'manul_kernel_refused{kind="route"} 1',
      'manul_kernel_refused{kind="sysctl"} 2',
      'manul_kernel_routes{view="actual"} 2',
      'manul_kernel_writes_total{op="add",result="ok"} 12',
      'manul_kernel_apply_seconds_count 1',
    ]),
  );
});

test('others have their turn after each peer', () => {
  const counters = peer();
  const reports = Array.from({ length: 100 }, (_, i) => ({ status: peer({ name: `d/${i}` }), counters }));
  const steps = counterSamples(reports, new Set(), new FoldedCounters(), FLAPS);
  let count = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) count++;
  expect(count).toBe(100);
  expect(step.value).toEqual([{ labels: 'peer="_others"', value: 100 }]);
});

test('one look at each peer makes all samples of a scrape', async () => {
  const test = await run();
  test.speaker.peerList = [peer()];
  const look = jest.spyOn(test.speaker, 'peerReports');
  await scrape(test);
  expect(look).toHaveBeenCalledTimes(1);
});

test('work in slices lets others go first whenever a slice is over', async () => {
  let turns = 0;
  const countTurn = (): void => {
    turns++;
    next = setImmediate(countTurn);
  };
  let next = setImmediate(countTurn);
  const steps = function* (): Generator<void, string> {
    for (let i = 0; i < 20; i++) yield;
    return 'done';
  };
  expect(await inSlices(0, steps())).toBe('done');
  expect(turns).toBeGreaterThanOrEqual(20);
  turns = 0;
  expect(await inSlices(60_000, steps())).toBe('done');
  expect(turns).toBe(0);
  clearImmediate(next);
});

test('scrapes at the same time count nothing twice', async () => {
  const test = await run();
  test.speaker.peerList = Array.from({ length: 1200 }, (_, i) =>
    peer({ name: `d/${i}`, kind: 'dynamic', flaps: 1 }),
  );
  const folded = `manul_bgp_peer_flaps_total{peer="_others"} ${1200 - MAX_NAMED_PEERS}`;
  for (const lines of await Promise.all([scrape(test), scrape(test), scrape(test)]))
    expect(lines).toContain(folded);
});

test("prom-client's process metrics are there", async () => {
  const test = await run();
  expect(await (await test.get('/metrics')).text()).toContain('process_cpu_seconds_total');
});

describe('the cardinality budget', () => {
  const mesh = Array.from({ length: 2000 }, (_, i) =>
    peer({ name: `mesh/${i}`, kind: 'mesh', state: 'Active' }),
  );
  const dynamic = Array.from({ length: 2000 }, (_, i) => peer({ name: `d/${i}`, kind: 'dynamic' }));

  test('auto names at most a fixed number of peers', () => {
    const names = namedPeers([...dynamic, ...mesh, peer()], 'auto');
    expect(names.size).toBe(MAX_NAMED_MESH_PEERS + MAX_NAMED_PEERS);
    expect(names.has('tor')).toBe(true);
  });

  test('all names everybody, none nobody', () => {
    expect(namedPeers(mesh, 'all').size).toBe(2000);
    expect(namedPeers(dynamic, 'none').size).toBe(0);
  });
});

test('folded counters never fall when peers leave, come back or start anew', () => {
  const counters = new FoldedCounters();
  const observe = (name: string, count: number, isNamed = false): void =>
    counters.observe(name, [count], isNamed);
  observe('a', 5);
  observe('b', 7);
  counters.keepOnly(new Set(['a']));
  observe('a', 6);
  expect(counters.sums()[0]).toBe(13);
  observe('a', 2);
  expect(counters.sums()[0]).toBe(15);
  observe('a', 50, true);
  observe('a', 51);
  expect(counters.sums()[0]).toBe(16);
});

test('a blocked event loop shows as delay', async () => {
  const delay = new EventLoopDelay();
  await sleep(30);
  const end = Date.now() + 120;
  while (Date.now() < end) {
    // the loop is blocked on purpose
  }
  await sleep(30);
  expect(delay.quantiles().get(1)).toBeGreaterThan(0.05);
  await until(() => delay.quantiles().get(0.5)! < 0.05);
  delay.close();
});
