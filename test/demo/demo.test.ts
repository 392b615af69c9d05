/** The demo in both modes, from start to end: what it shows, how it ends, and that nothing is left of it. */
import { spawnSync } from 'node:child_process';
import { get } from 'node:http';
import { describeWith, unmetReason } from '../support/requirements.ts';
import { DemoRun } from './support/demo-run.ts';

jest.setTimeout(240_000);

const UP = 'Ctrl-C ends it and leaves nothing behind';
const NAMESPACES = { root: true, commands: ['ip', 'ping'] } as const;
const BLOCKS = ['10.244.1.0/26', '10.244.2.0/26', '10.244.3.0/26'];

const runs: DemoRun[] = [];

function demo(...options: readonly string[]): DemoRun {
  return keep(new DemoRun(options));
}

function keep(run: DemoRun): DemoRun {
  runs.push(run);
  return run;
}

function expectNothingLeft(run: DemoRun): void {
  expect([...run.processes().values()]).toEqual([]);
  expect(run.files()).toEqual([]);
  expect(run.namespaces()).toEqual([]);
}

/** What one `$ command` line of the output was followed by, up to the next command or step. */
function outputOf(stdout: string, command: RegExp): string {
  const lines = stdout.split('\n');
  const start = lines.findIndex((line) => command.test(line));
  expect(lines.slice(start, start + 1)).toHaveLength(1);
  const length = lines.slice(start + 1).findIndex((line) => /^ {4}\$ |^$/.test(line));
  return lines.slice(start + 1, start + 1 + length).join('\n');
}

function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

afterEach(() => {
  for (const run of runs.splice(0)) run.destroy();
});

describeWith({}, 'the demo with processes', () => {
  test('shows sessions, reflected routes and metrics, ends by itself with status 0 and leaves nothing', async () => {
    const run = demo('--mode', 'processes', '--exit');
    const { status, stdout, stderr } = await run.end();
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('mode: processes, as asked for');
    const peers = outputOf(stdout, /\$ npx manul peers .*rr-1\.sock/);
    expect(peers.match(/^ {4}nodes\/127\.\S+ +dynamic .* Established /gm)).toHaveLength(3);
    for (const node of ['node-1', 'node-2', 'node-3']) {
      const routes = outputOf(stdout, new RegExp(`\\$ npx manul routes .*${node}\\.sock`));
      for (const block of BLOCKS) expect(routes).toContain(block);
    }
    expect(stdout).toMatch(
      /GET http:\/\/127\.\S+\/metrics +200 +manul_bgp_peers\{state="Established",kind="dynamic"\} 3/,
    );
    expect(stdout).toMatch(/GET http:\/\/127\.\S+\/ +200 +rr-1 · Manul/);
    expectNothingLeft(run);
  });

  test('stays up until Ctrl-C, then ends with status 0 and leaves nothing', async () => {
    const run = demo('--mode', 'processes');
    await run.printed(UP);
    const [, url] = /GET (http:\S+)\/metrics/.exec(run.stdout) ?? [];
    expect(await fetchText(`${url}/metrics`)).toContain(
      'manul_bgp_peers{state="Established",kind="dynamic"} 3',
    );
    expect(await fetchText(`${url}/`)).toContain('10.244.3.0/26');
    expect(run.processes().size).toBe(4);
    run.signal('SIGINT');
    run.signal('SIGINT'); // as npm and the terminal both pass it on
    expect(await run.end()).toMatchObject({ status: 0, stderr: '' });
    expectNothingLeft(run);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s before all has been shown ends it with status %i and leaves nothing',
    async (signal, status) => {
      const run = demo('--mode', 'processes', '--exit');
      await run.printed('resources: ');
      run.signal(signal);
      expect(await run.end()).toMatchObject({ status, stderr: '' });
      expectNothingLeft(run);
    },
  );

  test('a shell that is killed between npm and the demo takes it along', async () => {
    const run = keep(new DemoRun(['--mode', 'processes'], true));
    await run.printed(UP);
    run.signal('SIGKILL');
    await run.end();
    expect(run.stdout).toContain('Stopped, nothing is left behind.');
    expectNothingLeft(run);
  });

  test('a node that dies is a failure that names it', async () => {
    const run = demo('--mode', 'processes');
    await run.printed(UP);
    const [pid] = [...run.processes()].find(([, command]) => command.includes('--node node-2')) ?? [];
    process.kill(pid!, 'SIGKILL');
    const { status, stderr } = await run.end();
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^demo: node-2 has ended \(SIGKILL\)/)]);
    expectNothingLeft(run);
  });

  test('wrong usage is one line and status 2', async () => {
    const { status, stderr } = await demo('--mode', 'magic').end();
    expect([status, stderr]).toEqual([
      2,
      'demo: --mode: "magic" is neither processes nor namespaces; see npm run demo -- --help\n',
    ]);
  });

  test('the mode is chosen by what this machine can, and the output says why', async () => {
    const run = demo();
    const reason = unmetReason(NAMESPACES);
    await run.printed('because');
    expect(run.stdout).toContain(reason === null ? 'mode: namespaces, because' : 'mode: processes, because');
    run.signal('SIGINT');
    await run.end();
    expectNothingLeft(run);
  });
});

describeWith(NAMESPACES, 'the demo with network namespaces', () => {
  test('a pod reaches pods of other nodes and the host behind the router, and that reaches them', async () => {
    const run = demo('--mode', 'namespaces', '--exit');
    const { status, stdout, stderr } = await run.end();
    expect([status, stderr]).toEqual([0, '']);
    const kernel = outputOf(stdout, /\$ ip -n \S+-node-1 route show proto 80/);
    expect(kernel).toMatch(/blackhole 10\.244\.1\.0\/26/);
    expect(kernel).toMatch(/10\.244\.1\.10 dev cali[0-9a-f]{11} scope link/);
    expect(kernel).toMatch(/10\.244\.2\.0\/26 via 10\.0\.0\.2 dev eth0/);
    expect(kernel).toMatch(/192\.168\.77\.0\/24 via 10\.0\.0\.254 dev eth0/);
    const pings = stdout.match(/\$ ip netns exec \S+ ping .*\n.* bytes from /g) ?? [];
    expect(pings.map((ping) => /(pod-\d|host) ping .* (\S+)\n/.exec(ping)?.slice(1).join(' '))).toEqual([
      ...['pod-1 10.244.2.10', 'pod-2 10.244.3.10', 'pod-3 10.244.1.10'],
      ...['host 10.244.1.10', 'host 10.244.2.10', 'host 10.244.3.10'],
      ...['pod-1 192.168.77.10', 'pod-2 192.168.77.10', 'pod-3 192.168.77.10'],
    ]);
    expect(stdout).toMatch(/GET http:\/\/127\.0\.0\.1:\d+\/metrics +200 /);
    expectNothingLeft(run);
  });

  test('two at once do not meet; without FRR a Manul plays the router, and the output says so', async () => {
    const both = [demo('--tor', 'manul', '--exit'), demo('--tor', 'manul', '--exit')];
    const ends = await Promise.all(both.map((run) => run.end()));
    for (const { status, stdout, stderr } of ends) {
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain('a Manul plays the top-of-rack router');
      expect(outputOf(stdout, /\$ npx manul peers .*tor\.sock/).match(/ Established /g)).toHaveLength(3);
    }
    for (const run of both) expectNothingLeft(run);
  });

  test('stays up until Ctrl-C, reachable by a browser outside, then leaves nothing', async () => {
    const run = demo('--mode', 'namespaces');
    await run.printed(UP);
    const urls = [...run.stdout.matchAll(/GET (http:\S+)\/metrics/g)].map(([, url]) => url!);
    expect(urls).toHaveLength(4);
    expect(run.namespaces()).toHaveLength(10);
    for (const url of urls) expect(await fetchText(`${url}/`)).toContain('10.244.3.0/26');
    run.signal('SIGINT');
    expect(await run.end()).toMatchObject({ status: 0, stderr: '' });
    expectNothingLeft(run);
  });

  test.each(['A rack of network namespaces', 'Sessions:'])(
    'Ctrl-C after “%s” leaves nothing',
    async (step) => {
      const run = demo('--mode', 'namespaces', '--exit');
      await run.printed(step);
      run.signal('SIGINT');
      expect(await run.end()).toMatchObject({ status: 130, stderr: '' });
      expectNothingLeft(run);
    },
  );

  test('a step that fails ends it with status 1, names the command, and leaves nothing', async () => {
    const run = demo('--mode', 'namespaces', '--exit');
    await run.printed('Sessions:');
    const host = run
      .namespaces()
      .find((name) => name.includes('-host'))!
      .split(' ')[0]!;
    expect(spawnSync('ip', ['-n', host, 'route', 'delete', 'default']).status).toBe(0);
    const { status, stderr } = await run.end();
    const command = `ip netns exec ${host} ping -n -c 1 -w 5 10.244.1.10`;
    expect([status, stderr]).toEqual([1, expect.stringContaining(`demo: ${command}: `)]);
    expectNothingLeft(run);
  });
});
