import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { DatastoreSnapshot } from '@manul/config';
import { createFileDatastore } from '@manul/config';
import { peerYaml, ResourceFolder, withDatastore } from '../support/resource-folder.ts';

let folder: ResourceFolder;
beforeEach(() => {
  folder = new ResourceFolder();
});
afterEach(() => folder.remove());

/** Addresses of the peers in force, by name. */
function peers({ resources }: DatastoreSnapshot): Record<string, string> {
  return Object.fromEntries(
    Array.from(resources.bgpPeers, ([name, { spec }]) => [name, spec.peerIP?.address ?? '']),
  );
}

const has = (name: string, address: string) => (snapshot: DatastoreSnapshot) =>
  peers(snapshot)[name] === address;
const spec = (address: string) => `{peerIP: ${address}, asNumber: 64512}`;
const openFolder = () => createFileDatastore({ paths: [folder.path] });

describe('file datastore', () => {
  test('the first snapshot holds everything and is in sync', async () => {
    folder.write('a.yaml', `${peerYaml('a')}---\n${peerYaml('b')}`);
    await withDatastore(openFolder(), async (log) => {
      expect(log.snapshots).toHaveLength(1);
      expect(log.last.inSync).toBe(true);
      expect(Object.keys(peers(log.last))).toEqual(['a', 'b']);
      expect(log.last.problems).toEqual([]);
    });
  });

  test('an edit is applied within two seconds', async () => {
    folder.write('a.yaml', peerYaml('a'));
    await withDatastore(openFolder(), async (log) => {
      const began = performance.now();
      folder.write('a.yaml', peerYaml('a', spec('10.0.0.2')));
      await log.until(has('a', '10.0.0.2'));
      expect(performance.now() - began).toBeLessThan(2000);
    });
  });

  test('a file that another one replaces by rename is followed, more than once', async () => {
    folder.write('a.yaml', peerYaml('a'));
    await withDatastore(createFileDatastore({ paths: [folder.file('a.yaml')] }), async (log) => {
      for (const address of ['10.0.0.2', '10.0.0.3']) {
        folder.replace('a.yaml', peerYaml('a', spec(address)));
        await log.until(has('a', address));
      }
    });
  });

  test('a broken document keeps its last good version and affects nothing else', async () => {
    folder.write('a.yaml', `${peerYaml('a')}---\n${peerYaml('b')}`);
    await withDatastore(openFolder(), async (log) => {
      folder.write('a.yaml', `${peerYaml('a', '{peerIP: nowhere}')}---\n${peerYaml('b', spec('10.0.0.9'))}`);
      const snapshot = await log.until(has('b', '10.0.0.9'));
      expect(peers(snapshot)).toEqual({ a: '10.0.0.1', b: '10.0.0.9' });
      expect(snapshot.problems).toMatchObject([
        {
          file: folder.file('a.yaml'),
          line: 4,
          resource: 'BGPPeer/a',
          field: 'spec.peerIP',
          severity: 'error',
        },
      ]);
      folder.write('a.yaml', `${peerYaml('a', spec('10.0.0.3'))}---\n${peerYaml('b', spec('10.0.0.9'))}`);
      expect((await log.until(has('a', '10.0.0.3'))).problems).toEqual([]);
    });
  });

  test('text that is no YAML keeps what may have been in it, and lets the rest of the file change', async () => {
    folder.write('a.yaml', `${peerYaml('a')}---\n${peerYaml('b')}`);
    folder.write('c.yaml', peerYaml('c'));
    await withDatastore(openFolder(), async (log) => {
      folder.write('a.yaml', `kind: [\n---\n${peerYaml('b', spec('10.0.0.9'))}`);
      const snapshot = await log.until(has('b', '10.0.0.9'));
      expect(peers(snapshot)).toEqual({ a: '10.0.0.1', b: '10.0.0.9', c: '10.0.0.1' });
      expect(snapshot.problems).toMatchObject([{ line: 2, resource: null, severity: 'error' }]);
    });
  });

  test('a resource that was never valid is not there', async () => {
    folder.write('a.yaml', `${peerYaml('a', '{}')}---\n${peerYaml('b')}`);
    await withDatastore(openFolder(), async (log) => {
      expect(peers(log.last)).toEqual({ b: '10.0.0.1' });
      expect(log.last.inSync).toBe(true);
    });
  });

  test('an unknown field is a problem of the resource, which is in force', async () => {
    folder.write('a.yaml', peerYaml('a', '{peerIP: 10.0.0.1, asNumber: 1, peerip: x}'));
    await withDatastore(openFolder(), async (log) => {
      expect(peers(log.last)).toEqual({ a: '10.0.0.1' });
      expect(log.last.problems).toMatchObject([{ severity: 'unknown-field', field: 'spec.peerip' }]);
    });
  });

  test('a file that vanishes takes its resources with it, also with broken ones', async () => {
    folder.write('a.yaml', peerYaml('a'));
    folder.write('b.yaml', peerYaml('b'));
    await withDatastore(openFolder(), async (log) => {
      folder.write('a.yaml', 'kind: [');
      await log.until((snapshot) => snapshot.problems.length === 1);
      expect(peers(log.last)).toEqual({ a: '10.0.0.1', b: '10.0.0.1' });
      folder.remove('a.yaml');
      const snapshot = await log.until((candidate) => !('a' in peers(candidate)));
      expect(peers(snapshot)).toEqual({ b: '10.0.0.1' });
      expect(snapshot.problems).toEqual([]);
    });
  });

  test('a document that is taken out of a sound file is deleted', async () => {
    folder.write('a.yaml', `${peerYaml('a')}---\n${peerYaml('b')}`);
    await withDatastore(openFolder(), async (log) => {
      folder.write('a.yaml', peerYaml('b'));
      expect(peers(await log.until((snapshot) => !('a' in peers(snapshot))))).toEqual({ b: '10.0.0.1' });
    });
  });

  test('a file that is emptied keeps what it held until it is written or removed', async () => {
    folder.write('a.yaml', peerYaml('a'));
    folder.write('b.yaml', '');
    await withDatastore(openFolder(), async (log) => {
      expect(log.last.problems).toEqual([]);
      folder.write('a.yaml', '\n');
      const emptied = await log.until((snapshot) => snapshot.problems.length > 0);
      expect(peers(emptied)).toEqual({ a: '10.0.0.1' });
      expect(emptied.problems).toMatchObject([
        { file: folder.file('a.yaml'), text: expect.stringContaining('is empty') },
      ]);
      folder.write('b.yaml', '\n');
      await log.until((snapshot) => snapshot !== emptied);
      expect(log.last).toMatchObject({ problems: emptied.problems });
      folder.write('a.yaml', peerYaml('a', spec('10.0.0.2')));
      expect((await log.until(has('a', '10.0.0.2'))).problems).toEqual([]);
      folder.write('a.yaml', '# nothing any more, on purpose\n');
      expect((await log.until((snapshot) => !('a' in peers(snapshot)))).problems).toEqual([]);
    });
  });

  test('a file that is half written is left alone, also by the poll', async () => {
    const [first, second] = [peerYaml('a'), `---\n${peerYaml('b')}`];
    folder.write('a.yaml', first + second);
    await withDatastore(createFileDatastore({ paths: [folder.path], pollMs: 10 }), async (log) => {
      folder.write('a.yaml', first); // cut off exactly behind a document
      await new Promise((resolve) => setTimeout(resolve, 50)); // half the quiet time
      folder.write('a.yaml', first + second.replace('10.0.0.1', '10.0.0.2'));
      await log.until(has('b', '10.0.0.2'));
      expect(log.snapshots.every((snapshot) => 'b' in peers(snapshot))).toBe(true);
    });
  });

  test('a second definition leaves the last good version in force, until one of them goes', async () => {
    folder.write('a.yaml', peerYaml('a'));
    await withDatastore(openFolder(), async (log) => {
      folder.write('b.yaml', peerYaml('a', spec('10.0.0.2')));
      const twice = await log.until((snapshot) => snapshot.problems.length > 0);
      expect(peers(twice)).toEqual({ a: '10.0.0.1' });
      expect(twice.problems).toMatchObject([{ file: folder.file('b.yaml'), resource: 'BGPPeer/a' }]);
      folder.remove('a.yaml');
      expect((await log.until(has('a', '10.0.0.2'))).problems).toEqual([]);
    });
  });

  test('a folder that is not there yet: not in sync, until it appears', async () => {
    const datastore = createFileDatastore({ paths: [folder.file('later')], pollMs: 50 });
    await withDatastore(datastore, async (log) => {
      expect(log.last.inSync).toBe(false);
      expect(log.last.problems).toMatchObject([{ file: folder.file('later'), severity: 'error' }]);
      folder.write('later/a.yaml', peerYaml('a'));
      const snapshot = await log.until(has('a', '10.0.0.1'));
      expect(snapshot).toMatchObject({ inSync: true, problems: [] });
    });
  });

  test('a folder that another one replaces is followed', async () => {
    folder.write('d/a.yaml', peerYaml('a'));
    await withDatastore(createFileDatastore({ paths: [folder.file('d')], pollMs: 50 }), async (log) => {
      folder.write('new/a.yaml', peerYaml('a', spec('10.0.0.2')));
      renameSync(folder.file('d'), folder.file('old'));
      renameSync(folder.file('new'), folder.file('d'));
      await log.until(has('a', '10.0.0.2'));
      folder.write('d/a.yaml', peerYaml('a', spec('10.0.0.3')));
      await log.until(has('a', '10.0.0.3'));
    });
  });

  test('files behind symbolic links that are switched over (a mounted ConfigMap) are followed', async () => {
    folder.write('v1/a.yaml', peerYaml('a'));
    folder.write('v2/a.yaml', peerYaml('a', spec('10.0.0.2')));
    mkdirSync(folder.file('mount'));
    symlinkSync('../v1', folder.file('mount/..data'));
    symlinkSync('..data/a.yaml', folder.file('mount/a.yaml'));
    await withDatastore(createFileDatastore({ paths: [folder.file('mount')] }), async (log) => {
      expect(peers(log.last)).toEqual({ a: '10.0.0.1' });
      symlinkSync('../v2', folder.file('mount/..tmp'));
      renameSync(folder.file('mount/..tmp'), folder.file('mount/..data'));
      await log.until(has('a', '10.0.0.2'));
    });
  });

  test('what cannot be looked at any more has not vanished: its resources stay', async () => {
    folder.write('d/a.yaml', peerYaml('a'));
    folder.write('d/b.yaml', peerYaml('b'));
    symlinkSync('d', folder.file('link'));
    /** Puts a symbolic link that leads to itself in the place of `name`, in one step. */
    const loop = (name: string): void => {
      symlinkSync(basename(name), folder.file('draft'));
      renameSync(folder.file('draft'), folder.file(name));
    };
    await withDatastore(createFileDatastore({ paths: [folder.file('link')], pollMs: 50 }), async (log) => {
      loop('d/b.yaml');
      await log.until((snapshot) => snapshot.problems.length === 1);
      expect(Object.keys(peers(log.last))).toEqual(['a', 'b']);
      loop('link');
      await log.until((snapshot) => snapshot.problems.length > 1);
      expect(Object.keys(peers(log.last))).toEqual(['a', 'b']);
    });
  });

  test('reload reads everything again, changed or not', async () => {
    folder.write('a.yaml', peerYaml('a'));
    await withDatastore(openFolder(), async (log, datastore) => {
      await datastore.reload();
      expect(log.snapshots).toHaveLength(2);
      expect(peers(log.last)).toEqual({ a: '10.0.0.1' });
    });
  });

  test('a password file is read, and watched like the rest', async () => {
    folder.write('key', 'first\n');
    folder.write(
      'a.yaml',
      'apiVersion: manul.dev/v1alpha1\nkind: DynamicNeighbor\nmetadata: {name: rack}\nspec: {listenRanges: [10.0.0.0/8], passwordFile: key}\n',
    );
    const key = (text: string | undefined) => (snapshot: DatastoreSnapshot) =>
      snapshot.resources.passwordFiles.get('rack') === text;
    await withDatastore(openFolder(), async (log) => {
      await log.until(key('first'));
      folder.replace('key', 'second');
      await log.until(key('second'));
      folder.remove('key');
      await log.until(key(undefined));
      folder.write('key', 'third\r\n');
      await log.until(key('third'));
    });
  });

  test('nothing is delivered after close', async () => {
    folder.write('a.yaml', peerYaml('a'));
    const datastore = openFolder();
    let count = 0;
    await datastore.start(() => {
      count++;
    });
    const reload = datastore.reload();
    await datastore.close();
    await reload;
    expect(count).toBe(1);
  });
});
