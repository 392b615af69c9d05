import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { qualifiedName, type WrittenImage, writeOciArchive } from '../../../src/image/oci-archive.ts';

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

describe('an OCI archive', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'manul-oci-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A layer of a program, a text and a folder for everybody, made in the order and with the modes that are given. */
  function newLayer(name: string, order: readonly string[], mode: number): string {
    const path = join(folder, name);
    mkdirSync(join(path, 'tmp'), { recursive: true, mode: 0o700 });
    chmodSync(join(path, 'tmp'), 0o1700);
    for (const file of order) writeFileSync(join(path, file), `${file}\n`, { mode });
    chmodSync(join(path, 'run.sh'), mode | 0o100);
    return path;
  }

  function write(output: string, layer: string): WrittenImage {
    return writeOciArchive(
      {
        layers: [{ name: 'first', folder: layer }],
        tag: 'manul:1.2',
        timeSec: 1_700_000_000,
        architecture: 'amd64',
        config: { Entrypoint: ['manul'] },
      },
      join(folder, output),
      folder,
    );
  }

  function readJson(path: string): unknown {
    return JSON.parse(readFileSync(path, 'utf8'));
  }

  test('every blob is what its digest says, and the configuration knows the unpacked layers', () => {
    const { digest } = write('image.tar', newLayer('layer', ['run.sh', 'text'], 0o600));
    const unpacked = join(folder, 'unpacked');
    mkdirSync(unpacked);
    execFileSync('tar', ['-xf', join(folder, 'image.tar'), '-C', unpacked]);
    const blob = ({ digest: name, size }: Descriptor): Buffer => {
      const bytes = readFileSync(join(unpacked, 'blobs', name.replace(':', '/')));
      expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(name);
      expect(bytes.length).toBe(size);
      return bytes;
    };
    expect(readJson(join(unpacked, 'oci-layout'))).toEqual({ imageLayoutVersion: '1.0.0' });
    const index = readJson(join(unpacked, 'index.json')) as {
      manifests: (Descriptor & { annotations: object })[];
    };
    expect(index.manifests).toHaveLength(1);
    expect(index.manifests[0]!.digest).toBe(digest);
    expect(index.manifests[0]!.annotations).toEqual({
      'io.containerd.image.name': 'docker.io/library/manul:1.2',
      'org.opencontainers.image.ref.name': '1.2',
    });
    const manifest = JSON.parse(blob(index.manifests[0]!).toString()) as {
      config: Descriptor;
      layers: Descriptor[];
    };
    const tar = gunzipSync(blob(manifest.layers[0]!));
    const config = JSON.parse(blob(manifest.config).toString()) as Readonly<Record<string, unknown>>;
    expect(config).toMatchObject({
      created: '2023-11-14T22:13:20Z',
      architecture: 'amd64',
      os: 'linux',
      config: { Entrypoint: ['manul'] },
      rootfs: { diff_ids: [`sha256:${createHash('sha256').update(tar).digest('hex')}`] },
    });
    const listed = execFileSync('tar', ['-tv', '--numeric-owner', '-f', '-'], {
      input: tar,
      encoding: 'utf8',
    });
    const lines = listed.split('\n').map((line) => line.replace(/ +\d+ \S+ \S+ /, ' '));
    expect(lines.slice(1)).toEqual([
      '-rwxr-xr-x 0/0 run.sh',
      '-rw-r--r-- 0/0 text',
      'drwxrwxrwt 0/0 tmp/',
      '',
    ]);
  });

  test('the same files give the same digest, whoever made them in what order', () => {
    const one = write('one.tar', newLayer('one', ['run.sh', 'text'], 0o600));
    const two = write('two.tar', newLayer('two', ['text', 'run.sh'], 0o664));
    expect(two.digest).toBe(one.digest);
    expect(readFileSync(join(folder, 'two.tar')).equals(readFileSync(join(folder, 'one.tar')))).toBe(true);
    writeFileSync(join(folder, 'two', 'text'), 'other\n');
    expect(write('three.tar', join(folder, 'two')).digest).not.toBe(one.digest);
  });

  test.each([
    ['manul:1', 'docker.io/library/manul:1'],
    ['team/manul:1', 'docker.io/team/manul:1'],
    ['registry.example:5000/manul:1', 'registry.example:5000/manul:1'],
    ['localhost/manul:1', 'localhost/manul:1'],
  ])('%s is completed as container tools do', (tag, full) => {
    expect(qualifiedName(tag)).toBe(full);
  });
});
