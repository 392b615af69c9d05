/** Large files are read in a thread: the event loop goes on, and what cannot be read leaves the last good version. */
import { createFileDatastore } from '@manul/config';
import { parseYamlDocument } from '../../../config/datastore/yaml-document.ts';
import { peerYaml, ResourceFolder, withDatastore } from '../support/resource-folder.ts';

let folder: ResourceFolder;
beforeEach(() => {
  folder = new ResourceFolder();
});
afterEach(() => folder.remove());

/** Processor time of this thread, milliseconds: what others do to the machine does not count. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The longest turn of the event loop while `body` runs, in milliseconds of processor time. */
async function longestTurnMs(body: () => Promise<void>): Promise<number> {
  let last = processorMs();
  let longest = 0;
  const timer = setInterval(() => {
    const now = processorMs();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  await body();
  clearInterval(timer);
  return longest;
}

/** One document: a list of so many BGPPeers. */
function listOf(count: number): string {
  const items = Array.from(
    { length: count },
    (_, i) => `- apiVersion: projectcalico.org/v3
  kind: BGPPeer
  metadata: {name: p${i}}
  spec: {node: n${i}, peerIP: 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}, asNumber: 64512}
`,
  );
  return `apiVersion: v1\nkind: List\nitems:\n${items.join('')}`;
}

const openFolder = () => createFileDatastore({ paths: [folder.path] });

test('one document of thousands of resources holds up the event loop for less than 50 ms', async () => {
  const path = folder.write('list.yaml', listOf(5000));
  const datastore = openFolder();
  const longest = await longestTurnMs(() =>
    withDatastore(datastore, async (log) => {
      expect(log.last.resources.bgpPeers.size).toBe(5000);
      expect(log.last.problems).toEqual([]);

      folder.write(
        'list.yaml',
        `${listOf(5000)}${peerYaml('last').replace(/^/gm, '  ').replace('  ', '- ')}`,
      );
      const snapshot = await log.until(({ resources }) => resources.bgpPeers.size === 5001);
      expect(snapshot.resources.bgpPeers.get('last')?.spec.peerIP?.address).toBe('10.0.0.1');
      expect(path).toBe(folder.file('list.yaml'));
    }),
  );
  expect(longest).toBeLessThan(50);
}, 120_000);

test('lines of a large file are those of the file', async () => {
  folder.write('a.yaml', `${'# nothing\n'.repeat(1000)}${peerYaml('a', '{peerIP: nowhere}')}`);
  await withDatastore(openFolder(), async (log) => {
    expect(log.last.problems).toMatchObject([
      { file: folder.file('a.yaml'), line: 1004, resource: 'BGPPeer/a', field: 'spec.peerIP' },
    ]);
  });
});

test('an object that Kubernetes would not take is refused, and its last good version stays', async () => {
  folder.write('a.yaml', peerYaml('a'));
  await withDatastore(openFolder(), async (log) => {
    const filters = Array.from({ length: 200_000 }, (_, i) => `filter-${i}`).join(',');
    folder.write('a.yaml', peerYaml('a', `{peerIP: 10.0.0.2, asNumber: 64512, filters: [${filters}]}`));
    const snapshot = await log.until(({ problems }) => problems.length > 0);
    expect(snapshot.problems).toEqual([
      {
        file: folder.file('a.yaml'),
        line: 1,
        resource: 'BGPPeer/a',
        field: '',
        text: 'is larger than 1.5 MiB, the most that Kubernetes takes for one object',
        severity: 'error',
      },
    ]);
    expect(snapshot.resources.bgpPeers.get('a')?.spec.peerIP?.address).toBe('10.0.0.1');
  });
}, 60_000);

test('a large file that is emptied keeps what it held', async () => {
  folder.write('list.yaml', listOf(100));
  await withDatastore(openFolder(), async (log) => {
    folder.write('list.yaml', '');
    const snapshot = await log.until(({ problems }) => problems.length > 0);
    expect(snapshot.problems[0]?.text).toMatch(/^is empty/);
    expect(snapshot.resources.bgpPeers.size).toBe(100);
  });
});

test('many problems of one object are counted', async () => {
  const fields = Array.from({ length: 150 }, (_, i) => `unknown${i}: 1`).join(', ');
  folder.write('a.yaml', peerYaml('a', `{peerIP: 10.0.0.1, asNumber: 64512, ${fields}}`));
  await withDatastore(openFolder(), async (log) => {
    expect(log.last.problems).toHaveLength(101);
    expect(log.last.problems.map(({ text }) => text)).toContain('has 50 more problems than those listed');
    expect(log.last.resources.bgpPeers.size).toBe(1);
  });
});

describe('keys that stand twice', () => {
  test.each([
    ['a: 1\nb: 2\na: 3\n', 3, '"a"'],
    ['x:\n  - {y: 1, y: 2}\n', 2, '"y"'],
    ['1: a\n2: b\n1: c\n', 3, '1'],
  ])('%j', (text, line, key) => {
    const reason = `is no valid YAML: the key ${key} is there twice`;
    expect(parseYamlDocument(text)?.problem).toEqual({ line, text: reason });
  });

  test('merged keys are no repetition', () => {
    const text = 'base: &base {a: 1}\nmerged: {<<: *base, a: 2}\n';
    expect(parseYamlDocument(text)?.value).toMatchObject({ merged: { a: 2 } });
  });

  test('are found in linear time: a hundred thousand keys take no minute', () => {
    const text = Array.from({ length: 100_000 }, (_, i) => `k${i}: 1\n`).join('');
    const before = processorMs();
    expect(parseYamlDocument(text)?.problem).toBeNull();
    expect(processorMs() - before).toBeLessThan(30_000);
  });
});
