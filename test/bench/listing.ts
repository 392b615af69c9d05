/**
 * `node test/bench/listing.ts [ROUTES [SESSIONS]]`: a reflector with so many routes (default 1,000,000) and further
 * sessions (default 0) lists all routes, and what others notice of it: the largest gap between two messages on an idle
 * session with a hold time of 3 s, how long `/readyz` and `/metrics` took, and how late the event loop was.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Family } from '../harness/bgp/prefix-text.ts';
import { MANUL } from '../harness/manul/manul-daemon.ts';
import { freePort } from '../harness/process/free-port.ts';
import { TempFolder } from '../harness/process/temp-folder.ts';
import { AnswerProbe } from './answer-probe.ts';
import { launch } from './daemons/manul.ts';
import { REFLECTOR } from './daemons/reflector.ts';
import { encodeAnnouncements } from './driver/encode-routes.ts';
import { openSessions, prepareSessions } from './driver/fleet.ts';
import { IdleWatch } from './driver/idle-watch.ts';
import type { Session } from './driver/session.ts';
import { nextHopOf } from './driver/session-address.ts';
import { takeLoopDelay, withProbe } from './kernel/loop-delay.ts';
import { evenSets } from './scenarios/scenario.ts';

const ROUTES_PER_SET = 10;
const SENDER = 1;
const LOOK_MS = 200;
/** How long nothing but the probes is asked, for comparison. */
const AT_REST_MS = 5000;

const routes = Number(process.argv[2] ?? 1_000_000);
const sessions = Number(process.argv[3] ?? 0);
const folder = new TempFolder('listing');
const probeFile = folder.file('loop.json');
const { address, asn, clusterId } = REFLECTOR;
const port = await freePort(address);
const daemon = await launch(port, { exportFilter: null, wrapper: withProbe(probeFile) });
const target = { address, port };
const job = { scenario: '', act: 0, target, asn, clusterId, daemonPid: daemon.pid, cutSec: 60 };

async function textOf(path: string): Promise<string> {
  const [answer] = (await once(get({ host: '127.0.0.1', port: daemon.httpPort, path }), 'response')) as [
    IncomingMessage,
  ];
  return (await answer.setEncoding('utf8').toArray()).join('');
}

/** Reads all and keeps nothing. */
async function listOverHttp(): Promise<void> {
  const request = get({ host: '127.0.0.1', port: daemon.httpPort, path: '/api/v1/routes' });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  await once(answer.resume(), 'end');
}

async function listByCommand(format: string): Promise<void> {
  const words = ['routes', '-o', format, '--control', daemon.controlPath];
  const [status] = await once(spawn(MANUL, words, { stdio: ['ignore', 'ignore', 'inherit'] }), 'exit');
  if (status !== 0) throw new Error(`manul routes ended with ${status}`);
}

async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  answers.take();
  await takeLoopDelay(daemon.pid, probeFile);
  idle.begin();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const loop = await takeLoopDelay(daemon.pid, probeFile);
  const times = answers.take();
  const gapMs = await idle.end();
  const ms = (value: number | undefined): string => `${(value ?? Number.NaN).toFixed(0)} ms`;
  console.log(
    [
      `${what}: ${seconds.toFixed(1)} s`,
      `idle session ${gapMs === null ? 'lost' : `without a message for ${ms(gapMs)}`}`,
      `/readyz ${ms(times?.readyMaxMs)}, /metrics ${ms(times?.metricsMaxMs)}`,
      `event loop p99.9 ${ms(loop.p999Ms)}, at most ${ms(loop.maxMs)}`,
    ].join('; '),
  );
}

const idle = await IdleWatch.open(job, 'ipv4');
const answers = new AnswerProbe(daemon.httpPort);
try {
  const others = Array.from({ length: sessions }, (_, i) => SENDER + 1 + i);
  const open = (numbers: readonly number[], family: Family): Promise<Session[]> =>
    openSessions(job, prepareSessions(job, numbers, { family, prefixes: 0 }), { family, prefixes: 0 });
  if (sessions > 0) await open(others, 'ipv6');
  const [sender] = await open([SENDER], 'ipv4');
  await measure('at rest', () => sleep(AT_REST_MS));
  await measure(`${routes} routes taken in`, async () => {
    const attributes = { family: 'ipv4', nextHop: nextHopOf(SENDER, 'ipv4') } as const;
    await sender!.send(encodeAnnouncements(attributes, evenSets(routes, routes / ROUTES_PER_SET)));
    const line = `manul_bgp_rib_prefixes{family="ipv4"} ${routes}\n`;
    while (!(await textOf('/metrics')).includes(line)) await sleep(LOOK_MS);
  });
  await measure('/api/v1/routes', listOverHttp);
  await measure('manul routes -o json', () => listByCommand('json'));
  await measure('manul routes', () => listByCommand('table'));
} finally {
  answers.close();
  await daemon.stop();
  folder.remove();
}
process.exit();
