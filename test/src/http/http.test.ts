import { request } from 'node:http';
import { ControlClient } from '../../../src/control/control-client.ts';
import { actionPath } from '../../../src/control/peer-action.ts';
import { FakeDatastore } from '../support/fake-datastore.ts';
import { runDaemon, type TestDaemon, type TestDaemonOptions } from '../support/run-daemon.ts';
import { peer, route } from '../support/samples.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const folder = temporaryFolder();
const running: TestDaemon[] = [];

async function run(setup: TestDaemonOptions = {}): Promise<TestDaemon> {
  const daemon = await runDaemon(folder, setup);
  running.push(daemon);
  return daemon;
}

afterEach(async () => {
  for (const { daemon } of running.splice(0)) await daemon.close();
});

describe('health', () => {
  test('livez is 200 at once; readyz waits for the datastore and for the first kernel apply', async () => {
    const datastore = new FakeDatastore(null);
    const { get, agent } = await run({ roles: ['speaker', 'agent'], datastore });
    expect((await get('/livez')).status).toBe(200);
    const early = await get('/readyz');
    expect([early.status, await early.text()]).toEqual([503, 'not ready: the datastore has not been read\n']);
    const { snapshot } = await import('../support/fake-datastore.ts');
    datastore.deliver(snapshot());
    expect(await (await get('/readyz')).text()).toBe('not ready: the first kernel apply is not done\n');
    agent.becomeReady([]);
    expect((await get('/readyz')).status).toBe(200);
  });

  test('readyz of a speaker does not wait for peers', async () => {
    const { get, speaker } = await run();
    speaker.peerList = [peer({ state: 'Idle' })];
    expect((await get('/readyz')).status).toBe(200);
  });
});

describe('explain', () => {
  const explanation = {
    family: 'ipv4' as const,
    prefix: '10.244.0.0/26',
    absent: null,
    coveredBy: null,
    best: 'tor',
    nextHops: ['192.0.2.9'],
    paths: [{ ...route(), state: 'best' as const, steps: [] }],
    exports: [],
  };

  test('asks the speaker for the prefix or the address, and adds what the kernel has', async () => {
    const { get, speaker, agent } = await run({ roles: ['speaker', 'agent'] });
    speaker.explanation = explanation;
    speaker.peerList = [peer()];
    const kernel = {
      type: 'unicast',
      family: 'ipv4',
      nextHop: '192.0.2.9',
      nextHops: [],
      interfaceName: 'eth0',
    } as const;
    const state = {
      metric: 1024,
      protocol: 80,
      reason: 'learnt',
      inSync: true,
      found: null,
      error: null,
    } as const;
    agent.kernel = [{ prefix: '10.244.0.0/26', ...kernel, ...state }];
    expect(await (await get('/api/v1/explain?address=10.244.0.9&to=tor')).json()).toEqual({
      query: '10.244.0.9',
      ...explanation,
      resources: {},
      kernel: { text: 'unicast via 192.0.2.9 dev eth0: wanted (learnt) and there', routes: agent.kernel },
    });
    await get('/api/v1/explain?prefix=10.244.0.0/26');
    expect(speaker.explained).toEqual([{ address: '10.244.0.9', to: 'tor' }, { prefix: '10.244.0.0/26' }]);
  });

  test('an address that BGP has no route for may have one by the resources', async () => {
    const { get, speaker, agent } = await run({ roles: ['speaker', 'agent'] });
    speaker.explanation = {
      ...explanation,
      prefix: null,
      absent: 'no route covers it',
      best: null,
      paths: [],
    };
    const way = {
      type: 'unicast',
      family: 'ipv4',
      nextHop: '192.0.2.9',
      nextHops: [],
      metric: 1024,
    } as const;
    const state = { protocol: 80, reason: 'node', inSync: true, found: null, error: null } as const;
    const block = { prefix: '10.60.1.0/26', interfaceName: 'tunl0', ...way, ...state };
    agent.kernel = [{ ...block, prefix: '10.60.0.0/16' }, block, { ...block, prefix: '10.60.2.0/26' }];
    expect(await (await get('/api/v1/explain?address=10.60.1.3')).json()).toMatchObject({
      prefix: null,
      kernel: {
        text: '10.60.1.0/26 unicast via 192.0.2.9 dev tunl0: wanted (node) and there',
        routes: [block],
      },
    });
    expect(await (await get('/api/v1/explain?address=10.61.0.1')).json()).toMatchObject({
      kernel: { text: 'the agent neither wants nor has a route to it', routes: [] },
    });
  });

  test('without an agent it says so', async () => {
    const { get } = await run();
    const report = (await (await get('/api/v1/explain?prefix=10.0.0.0/8')).json()) as object;
    expect(report).toMatchObject({
      absent: 'nothing is here',
      kernel: { text: 'no agent here', routes: null },
    });
  });

  test.each([
    ['nothing', '', 400, 'either prefix or address must be given'],
    ['both', 'prefix=10.0.0.0/8&address=10.0.0.1', 400, 'either prefix or address must be given'],
    ['no prefix', 'prefix=ten', 400, 'prefix: "ten" is no prefix'],
    [
      'bits behind the length',
      'prefix=10.0.0.1/8',
      400,
      'prefix: "10.0.0.1/8" has bits set behind its length',
    ],
    ['no address', 'address=ten', 400, 'address: "ten" is no address'],
    ['a peer that is unknown', 'address=10.0.0.1&to=nobody', 404, 'no peer "nobody"'],
    ['an unknown parameter', 'address=10.0.0.1&x=1', 400, 'unknown parameter "x"'],
  ])('refuses %s', async (_name, query, status, error) => {
    const { get } = await run();
    const response = await get(`/api/v1/explain?${query}`);
    expect([response.status, await response.json()]).toEqual([status, { error }]);
  });
});

describe('the API', () => {
  test('peers is an array, and one peer is found under its name, slashes included', async () => {
    const { get, speaker } = await run();
    speaker.peerList = [peer(), peer({ name: 'mesh/node-2', kind: 'mesh' })];
    const list = (await (await get('/api/v1/peers')).json()) as { name: string }[];
    expect(list.map(({ name }) => name)).toEqual(['tor', 'mesh/node-2']);
    expect(await (await get('/api/v1/peers/mesh/node-2')).json()).toMatchObject({
      name: 'mesh/node-2',
      passive: false,
    });
    const unknown = await get('/api/v1/peers/nobody');
    expect([unknown.status, await unknown.json()]).toEqual([404, { error: 'no peer "nobody"' }]);
  });

  test('routes stream as one array, or as lines where they are asked for', async () => {
    const { get, speaker } = await run();
    speaker.routeBatches = [
      [route()],
      [],
      [route({ prefix: '10.1.0.0/26' }), route({ prefix: '10.2.0.0/26' })],
    ];
    const whole = (await (await get('/api/v1/routes?family=ipv4&all=true')).json()) as object[];
    expect(whole).toHaveLength(3);
    expect(speaker.queries).toEqual([{ family: 'ipv4', all: true }]);
    const lines = await (await get('/api/v1/routes', { headers: { accept: 'application/x-ndjson' } })).text();
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(whole);
    speaker.routeBatches = [];
    expect(await (await get('/api/v1/routes')).json()).toEqual([]);
  });

  test.each([
    ['prefix=10.0.0.1/24', 400, 'prefix: "10.0.0.1/24" has bits set behind its length'],
    ['prefix=x', 400, 'prefix: "x" is no prefix'],
    ['longest=10.0.0.0/8', 400, 'longest: "10.0.0.0/8" is no address'],
    ['family=ipx', 400, 'family: "ipx" is neither ipv4 nor ipv6'],
    ['received=tor&advertised=tor', 400, 'received and advertised exclude each other'],
    ['best=1', 400, 'unknown parameter "best"'],
    ['received=nobody', 404, 'no peer "nobody"'],
    ['kernel=1', 404, 'this process has no agent role'],
  ])('routes?%s is answered with %d', async (query, status, error) => {
    const { get } = await run();
    const response = await get(`/api/v1/routes?${query}`);
    expect([response.status, await response.json()]).toEqual([status, { error }]);
  });

  test('kernel routes come from the agent, by prefix and by longest match', async () => {
    const { get, agent } = await run({ roles: ['agent'] });
    const entry = (prefix: string) => ({
      prefix,
      family: 'ipv4' as const,
      type: 'unicast' as const,
      nextHop: null,
      nextHops: [],
      interfaceName: 'cali1',
      metric: 1024,
      protocol: 80,
      reason: 'workload' as const,
      inSync: true,
      found: null,
      error: null,
    });
    agent.kernel = [entry('10.0.0.0/26'), entry('10.0.0.7/32')];
    const prefixes = async (query: string): Promise<string[]> => {
      const routes = (await (await get(`/api/v1/routes?kernel=1&${query}`)).json()) as { prefix: string }[];
      return routes.map(({ prefix }) => prefix);
    };
    expect(await prefixes('')).toEqual(['10.0.0.0/26', '10.0.0.7/32']);
    expect(await prefixes('longest=10.0.0.7')).toEqual(['10.0.0.7/32']);
    expect(await prefixes('longest=10.0.0.8')).toEqual(['10.0.0.0/26']);
    expect(await prefixes('longest=10.9.0.8')).toEqual([]);
    expect(await prefixes('family=ipv6')).toEqual([]);
  });

  test('a reader that goes away ends the walk over the routes', async () => {
    const { daemon, speaker } = await run();
    const batch = Array.from({ length: 1000 }, () => route());
    speaker.routeBatches = Array.from({ length: 1000 }, () => batch);
    await new Promise<void>((resolve) => {
      const outgoing = request(`http://${daemon.http}/api/v1/routes`, (response) => {
        response.once('data', () => outgoing.destroy());
        response.once('close', resolve);
        response.on('error', () => {});
      });
      outgoing.on('error', () => {});
      outgoing.end();
    });
    await until(() => speaker.routesClosed === 1);
  });

  test('topology names this node, its neighbors and the sessions', async () => {
    const { get, speaker } = await run();
    speaker.peerList = [peer(), peer({ name: 'rr', address: '192.0.2.7', routerId: null, state: 'Active' })];
    expect(await (await get('/api/v1/topology')).json()).toMatchObject({
      nodes: [
        { id: 'node-1', asn: 64512, isSelf: true, isReflector: false },
        { id: '192.0.2.9', routerId: '192.0.2.9' },
        { id: '192.0.2.7', routerId: null },
      ],
      links: [
        { from: 'node-1', to: '192.0.2.9', session: 'tor', state: 'Established' },
        { to: '192.0.2.7', state: 'Active' },
      ],
    });
  });

  test('events follow sessions and routes while somebody listens', async () => {
    const { get, speaker } = await run();
    const abort = new AbortController();
    const response = await get('/api/v1/events', { signal: abort.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await until(() => speaker.bestListeners.size === 1);
    speaker.learn('10.0.0.0/26', '192.0.2.9');
    speaker.emit({ kind: 'peerState', peer: 'tor', from: 'OpenConfirm', to: 'Established', reason: '' });
    const text = await readUntil(response, 'Established');
    const events = text
      .split('\n')
      .flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6))] : []));
    expect(events).toMatchObject([
      {
        kind: 'route',
        prefix: '10.0.0.0/26',
        nextHop: '192.0.2.9',
        at: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      { kind: 'peerState', peer: 'tor', to: 'Established' },
    ]);
    abort.abort();
    await until(() => speaker.bestListeners.size === 0);
  });

  test.each(['/nothing', '/api/v1', '/api/v1/peers/%ff'])('%s is a clear refusal', async (path) => {
    const { get } = await run();
    const response = await get(path);
    expect([400, 404]).toContain(response.status);
    expect(await response.json()).toHaveProperty('error');
  });
});

describe('over TCP nothing can be changed', () => {
  test('other methods are refused with what is possible', async () => {
    const { get } = await run();
    const response = await get('/api/v1/peers', { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
  });

  test('a session cannot be reset over TCP, but over the control socket', async () => {
    const { get, speaker, options } = await run();
    speaker.peerList = [peer()];
    const body = JSON.stringify({ name: 'tor' });
    expect((await get(actionPath('reset'), { method: 'POST', body })).status).toBe(404);
    const client = new ControlClient(options.controlPath);
    await client.post(actionPath('reset'), { name: 'tor', message: 'maintenance' });
    expect(speaker.resets).toEqual([{ name: 'tor', message: 'maintenance' }]);
    await expect(client.post(actionPath('reset'), { name: 'nobody' })).rejects.toThrow('no peer "nobody"');
    await expect(client.post(actionPath('reset'), { name: 'tor', message: 'ü'.repeat(128) })).rejects.toThrow(
      '255 octets',
    );
    await expect(client.post(actionPath('reset'), {})).rejects.toThrow('name is missing');
  });
});

describe('the looking glass', () => {
  test('shows sessions and routes, and escapes what peers sent', async () => {
    const { get, speaker } = await run();
    const text = '<script>alert(1)</script>\u001b[31m';
    speaker.peerList = [
      peer({ lastError: { direction: 'received', code: 6, subcode: 2, text, at: '2026-01-01T00:00:00Z' } }),
    ];
    speaker.routeBatches = [[route()]];
    const response = await get('/');
    const page = await response.text();
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page).toContain('10.244.0.0/26');
    expect(page).toContain('65001 {65002 65003} i');
    expect(page).toContain('received 6/2 &lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m');
    expect(page).not.toContain('<script');
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  test('pages through sessions and routes', async () => {
    const { get, speaker } = await run();
    speaker.peerList = Array.from({ length: 150 }, (_, i) => peer({ name: `p${i}` }));
    speaker.routeBatches = [Array.from({ length: 250 }, (_, i) => route({ prefix: `10.0.${i}.0/24` }))];
    const first = await (await get('/')).text();
    expect(first).toContain('10.0.99.0/24');
    expect(first).not.toContain('10.0.100.0/24');
    expect(first).toContain('href="/?q=&amp;peers=1&amp;routes=2"');
    expect(first).toContain('href="/?q=&amp;peers=2&amp;routes=1"');
    const third = await (await get('/?routes=3&peers=2')).text();
    expect(third).toContain('10.0.200.0/24');
    expect(third).toContain('<td>p149');
    expect(third).not.toContain('>next<');
    expect((await get('/?routes=-1&peers=x')).status).toBe(200);
  });

  test('looks up an address by longest match and a prefix exactly, and says when it is neither', async () => {
    const { get, speaker } = await run();
    await get('/?q=10.0.0.7');
    await get('/?q=10.0.0.0/26');
    expect(speaker.queries).toEqual([{ longest: '10.0.0.7' }, { prefix: '10.0.0.0/26', all: true }]);
    expect(await (await get('/?q=%3Cb%3E')).text()).toContain('“&lt;b&gt;” is neither');
  });

  test('an agent alone shows its state', async () => {
    const { get } = await run({ roles: ['agent'] });
    expect(await (await get('/')).text()).toContain('this process has no speaker role');
  });
});

async function readUntil(response: Response, sign: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    const chunk = part.value;
    text += decoder.decode(chunk, { stream: true });
    if (text.includes(sign)) break;
  }
  return text;
}
