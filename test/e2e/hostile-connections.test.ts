/** Connections that nobody should make: those who have a session do not notice, and the log stays readable. */
import { connect, type Socket } from 'node:net';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { describeWith } from '../support/requirements.ts';
import { parseExposition, sampleOf } from './support/exposition.ts';
import { type Reflector, startReflector } from './support/reflector.ts';

jest.setTimeout(120_000);

const NETWORK = '127.59.0';
const LORIS = '127.59.1';
const HOLD_SEC = 9;

let reflector: Reflector;
const peers: TestPeer[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
  await reflector.daemon.stop();
});

async function start(wrapper?: readonly string[]): Promise<void> {
  reflector = await startReflector({
    address: `${NETWORK}.1`,
    listenRanges: [`${NETWORK}.0/24`],
    holdTimeSec: HOLD_SEC,
    ...(wrapper === undefined ? {} : { wrapper }),
    files: {
      'loris.yaml': dynamicNeighborYaml({
        name: 'loris',
        listenRanges: [`${LORIS}.0/24`],
        routeReflectorClient: true,
        spec: ['maxSessions: 20'],
      }),
    },
  });
}

async function establish(address: string): Promise<TestPeer> {
  const peer = reflector.dial(address);
  peers.push(peer);
  return peer.established();
}

/** A connection that is never used. */
function open(localAddress: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: reflector.address, port: reflector.port, localAddress });
    sockets.push(socket);
    socket.once('connect', () => resolve(socket));
    socket.on('error', reject);
    socket.on('close', () => resolve(socket));
  });
}

/** Both sessions are the ones of the start, and what one announces reaches the other. */
async function unharmed(one: TestPeer, other: TestPeer, prefix: string): Promise<void> {
  one.announce([prefix], { nextHop: one.options.localAddress! });
  await other.route(prefix);
  for (const peer of [one, other]) expect(peer).toMatchObject({ isEstablished: true, notification: null });
  for (const shown of (await reflector.daemon.peers()).filter(({ state }) => state === 'Established')) {
    expect(shown.flaps).toBe(0);
  }
}

test('10,000 connections from one source cost the others nothing, and the log one line', async () => {
  await start();
  const one = await establish(`${NETWORK}.11`);
  const other = await establish(`${NETWORK}.12`);
  const source = `${NETWORK}.66`;
  for (let batch = 0; batch < 100; batch++) {
    const opened = await Promise.allSettled(Array.from({ length: 100 }, () => open(source)));
    expect(opened.filter(({ status }) => status === 'rejected').length).toBeLessThan(100);
    for (const socket of sockets.splice(0)) socket.destroy();
  }
  await unharmed(one, other, '10.59.0.0/24');
  const late = await establish(`${NETWORK}.13`);
  await late.route('10.59.0.0/24');
  const metrics = parseExposition(await reflector.daemon.httpGet('/metrics'));
  const refused = sampleOf(metrics, 'manul_bgp_dynamic_refused_total{neighbor="",reason="rate"}');
  expect(refused).toBeGreaterThan(5_000);
  const lines = reflector.daemon
    .log()
    .split('\n')
    .filter((line) => line.includes(source));
  const told = lines.filter((line) => line.includes('connection refused'));
  expect(told.length).toBeGreaterThanOrEqual(1);
  expect(told.length).toBeLessThanOrEqual(4); // one a minute and the sum of the rest
  expect(lines.length).toBeLessThan(40);
});

test('clients that say nothing keep a full range for ten seconds only', async () => {
  await start();
  const one = await establish(`${NETWORK}.11`);
  const other = await establish(`${NETWORK}.12`);
  await Promise.all(Array.from({ length: 20 }, (_, i) => open(`${LORIS}.${i + 1}`)));
  // Half an OPEN, one octet a second, is silence too.
  const dripping = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write(Buffer.of(0xff));
  }, 1_000);
  try {
    const refused = reflector.dial(`${LORIS}.99`);
    peers.push(refused);
    expect(await refused.notified()).toMatchObject({ code: 6, subcode: 8 });
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    const client = await establish(`${LORIS}.100`);
    one.announce(['10.59.1.0/24'], { nextHop: `${NETWORK}.11` });
    await client.route('10.59.1.0/24');
  } finally {
    clearInterval(dripping);
  }
  await unharmed(one, other, '10.59.2.0/24'); // longer than their hold time has passed
});

describeWith({ commands: ['prlimit'] }, 'more connections than file descriptors', () => {
  test('are refused with the reason in the log; sessions, metrics and commands go on', async () => {
    await start(['prlimit', '--nofile=256:256']);
    const one = await establish(`${NETWORK}.11`);
    const other = await establish(`${NETWORK}.12`);
    const sources = Array.from({ length: 230 }, (_, i) => `${NETWORK}.${i + 20}`);
    await Promise.allSettled([...sources, ...sources].map(open));
    await new Promise((resolve) => setTimeout(resolve, (HOLD_SEC + 1) * 1_000));
    await unharmed(one, other, '10.59.3.0/24');
    expect(reflector.daemon.log()).toContain('file descriptors run out, connections are refused');
    const metrics = parseExposition(await reflector.daemon.httpGet('/metrics'));
    expect(
      sampleOf(metrics, 'manul_bgp_dynamic_refused_total{neighbor="",reason="no-descriptors"}'),
    ).toBeGreaterThan(100);
    for (const socket of sockets.splice(0)) socket.destroy();
    await establish(`${NETWORK}.13`);
  });
});
