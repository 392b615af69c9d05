/** Parts of the demo by themselves. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPaths, renderNode } from '@manul/config';
import { Cleanup, type LeftoverKind } from '../../src/demo/cleanup.ts';
import { clusterResources } from '../../src/demo/cluster-resources.ts';
import { readOptions } from '../../src/demo/options.ts';
import { RACK } from '../../src/demo/rack-plan.ts';
import { commandText, createScreen } from '../../src/demo/screen.ts';

describe('the resources of the demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'manul-test-'));
  const path = join(folder, 'cluster.yaml');
  writeFileSync(path, clusterResources(RACK));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('are valid, and render without a warning for every node', async () => {
    const { resources, problems } = await loadPaths([path]);
    expect(problems).toEqual([]);
    for (const { name } of [RACK.reflector, ...RACK.nodes]) {
      const { rendered } = renderNode(resources, { node: name, routerId: null, namespace: 'manul-system' });
      expect(rendered.warnings).toEqual([]);
    }
  });

  test('name the clients nowhere at the reflector, and give each node the reflector and the router', async () => {
    const { resources } = await loadPaths([path]);
    const render = (node: string) =>
      renderNode(resources, { node, routerId: null, namespace: 'manul-system' }).rendered;
    expect(render('rr-1')).toMatchObject({
      peers: [],
      dynamic: [{ listenRanges: ['10.0.0.0/24'], routeReflectorClient: true }],
    });
    const node = render('node-2');
    expect(node.peers.map(({ name, address }) => [name, address])).toEqual([
      ['reflector', '10.0.0.100'],
      ['tor', '10.0.0.254'],
    ]);
    expect(node.originated.map(({ prefix }) => prefix)).toEqual(['10.244.2.0/26']);
  });
});

describe('tidying up', () => {
  test('ends processes, then removes namespaces, then folders, and goes on after a failure', async () => {
    const cleanup = new Cleanup();
    const removed: string[] = [];
    const add = (kind: LeftoverKind, name: string, remove: () => Promise<void>): void =>
      cleanup.add({ kind, name, remove, removeNow: () => {} });
    const note = (name: string) => async (): Promise<void> => {
      removed.push(name);
    };
    add('folder', 'files', note('files'));
    add('namespace', 'stuck', () => Promise.reject(new Error('device or resource busy')));
    add('namespace', 'node', note('node'));
    add('process', 'speaker', note('speaker'));
    expect(await cleanup.run()).toEqual(['namespace stuck: device or resource busy']);
    expect(removed).toEqual(['speaker', 'node', 'files']);
  });
});

describe('the screen', () => {
  test('numbers steps, and shows commands as they could be typed', () => {
    let text = '';
    const screen = createScreen((piece) => {
      text += piece;
    }, false);
    screen.step('Sessions');
    screen.command(['vtysh', '-c', 'show bgp summary']);
    screen.print('one\n\n  two\n');
    screen.step('Routes');
    expect(text).toBe(
      "\n 1. Sessions\n    $ vtysh -c 'show bgp summary'\n    one\n\n      two\n\n 2. Routes\n",
    );
  });

  test('quotes what a shell would take for its own', () => {
    expect(commandText(['ip', '-n', 'a-1', "it's", '', 'a;b'])).toBe(`ip -n a-1 'it'\\''s' '' 'a;b'`);
  });
});

describe('the options', () => {
  test('are all optional', () => {
    expect(readOptions([])).toEqual({ exit: false, mode: null, router: null, help: false });
    expect(readOptions(['--exit', '--mode', 'namespaces', '--tor', 'manul'])).toEqual({
      exit: true,
      mode: 'namespaces',
      router: 'manul',
      help: false,
    });
  });

  test.each([[['--tor', 'cisco']], [['--nonsense']], [['more']]])('refuse %j', (words) => {
    expect(() => readOptions(words)).toThrow(words.at(-1));
  });
});
