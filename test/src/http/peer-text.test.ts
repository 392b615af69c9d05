/** Text that a peer may have sent, in every place where it is told: nothing acts on a terminal, a log or a page. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { openLog } from '../../../src/logging/logger.ts';
import { labelText } from '../../../src/metrics/sampled-metric.ts';
import { runDaemon, type TestDaemon } from '../support/run-daemon.ts';
import { peer } from '../support/samples.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const folder = temporaryFolder();
let running: TestDaemon;

beforeEach(async () => {
  running = await runDaemon(folder);
});
afterEach(() => running.daemon.close());

const TEXTS = [
  ['terminal sequences', 'bye \u001b[2J\u001b]0;owned\u0007'],
  ['eight-bit control characters', 'bye \u009b31m\u0090'],
  ['line breaks', 'bye\r\nevent: peerState\n\ndata: {"kind":"forged"}\n\n'],
  ['HTML', '<script>alert(1)</script><img src=x onerror="alert(2)">'],
  ['bidirectional overrides', 'bye \u202e\u2066evil\u2069'],
  ['a lone surrogate and a null', 'bye \ud800\u0000'],
  ['quotes and backslashes', `"}'\\" onmouseover='x`],
] as const;

/** Line feeds apart: those stand between lines of ours. */
const UNSAFE = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069\ud800-\udfff]/u;

function evilPeer(text: string) {
  const error = { direction: 'received' as const, code: 6, subcode: 2, text, at: '2026-01-01T00:00:00Z' };
  return peer({
    state: 'Idle',
    lastError: error,
    lastReceived: error,
    lastAttempt: { text, at: error.at, dialed: true },
    likelyCause: text,
    held: text,
    capabilities: { sent: [], received: [{ code: 73, name: 'FQDN', value: text }] },
  });
}

describe.each(TEXTS)('%s', (_what, text) => {
  test.each(['/', '/?q=tor', '/api/v1/peers', '/api/v1/peers/tor', '/api/v1/status', '/metrics'])(
    '%s',
    async (path) => {
      const { speaker, get } = running;
      speaker.peerList = [evilPeer(text)];
      speaker.emit({ kind: 'notification', peer: 'tor', error: evilPeer(text).lastError! });
      const response = await get(path);
      expect(response.status).toBe(200);
      const body = await response.text();
      expect(body).not.toMatch(UNSAFE);
      if (path.startsWith('/api')) expect(body).toContain(JSON.stringify(text).slice(1, 5));
      else expect(body).not.toMatch(/<script|<img/);
    },
  );

  test('server-sent events', async () => {
    const received = await firstEvents(running, () => {
      running.speaker.emit({ kind: 'notification', peer: 'tor', error: evilPeer(text).lastError! });
      running.speaker.emit({ kind: 'peerState', peer: 'tor', from: 'Established', to: 'Idle', reason: text });
    });
    expect(received).not.toMatch(UNSAFE);
    const events = received.split('\n\n').filter((block) => block.startsWith('event: '));
    expect(events.map((block) => block.split('\n').length)).toEqual([2, 2]);
    expect(JSON.parse(events[1]!.split('\ndata: ')[1]!)).toMatchObject({ kind: 'peerState', reason: text });
  });

  test.each([
    ['JSON', false],
    ['a terminal', true],
  ])('log lines for %s', async (_for, isTerminal) => {
    const path = join(folder, `log-${isTerminal}-${TEXTS.findIndex((one) => one[1] === text)}`);
    const log = await openLog('info', isTerminal, path);
    log.logger.info('NOTIFICATION received', { peer: 'tor', text, reason: text });
    await until(() => readFileSync(path, 'utf8').endsWith('\n'));
    await log.flush();
    const line = readFileSync(path, 'utf8');
    expect(line).not.toMatch(UNSAFE);
    expect(line.trimEnd()).not.toContain('\n');
  });

  test('metric labels', () => {
    const label = labelText({ peer: text });
    expect(label).not.toMatch(UNSAFE);
    expect(label).toMatch(/^peer="(?:[^"\\\n]|\\.)*"$/);
  });
});

/** What arrives on the stream of events until it holds two of them. */
function firstEvents({ daemon }: TestDaemon, emit: () => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`http://${daemon.http}/api/v1/events`, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        if (text === '') emit();
        text += chunk;
        if ((text.match(/^event: /gm) ?? []).length < 2 || !text.endsWith('\n\n')) return;
        sent.destroy();
        resolve(text);
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
