/**
 * An image as an OCI archive (OCI image specification 1.1: layout, index, manifest, configuration, layers), written
 * without any daemon. What goes in decides every octet: names are sorted, owners, modes and times are fixed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type FileCapability, withFileCapability } from './file-capability.ts';
import { runTool } from './run-tool.ts';

export interface Layer {
  /** What it holds, for the history. */
  readonly name: string;
  /** Folder whose content is the layer's. */
  readonly folder: string;
  readonly capability?: FileCapability;
}

export interface ImageDescription {
  readonly layers: readonly Layer[];
  /** `name:tag` as users write it. */
  readonly tag: string;
  /** Seconds since 1970 that every file carries. */
  readonly timeSec: number;
  /** `amd64`, `arm64` */
  readonly architecture: string;
  /** `config` of the image configuration. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface WrittenImage {
  /** Digest of the manifest. */
  readonly digest: string;
  readonly layers: readonly {
    readonly name: string;
    readonly unpackedBytes: number;
    readonly packedBytes: number;
  }[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const MEDIA_TYPE = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;
const MAX_LAYER_BYTES = 1 << 30;

/** Writes the archive to `output`. @param workFolder for what is not finished */
export function writeOciArchive(image: ImageDescription, output: string, workFolder: string): WrittenImage {
  const layout = mkdtempSync(join(workFolder, 'layout-'));
  try {
    const blobs = new BlobFolder(layout);
    const layers = image.layers.map((layer) => {
      settleModes(layer.folder);
      const plain = tarOf(layer.folder, image.timeSec);
      const tar = layer.capability === undefined ? plain : withFileCapability(plain, layer.capability);
      const descriptor = blobs.add(MEDIA_TYPE.layer, gzipSync(tar));
      return { name: layer.name, descriptor, diffId: digestOf(tar), unpackedBytes: tar.length };
    });
    const created = new Date(image.timeSec * 1000).toISOString().replace('.000Z', 'Z');
    const config = blobs.addJson(MEDIA_TYPE.config, {
      created,
      architecture: image.architecture,
      os: 'linux',
      config: image.config,
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(({ name }) => ({ created, created_by: 'npm run image', comment: name })),
    });
    const manifest = blobs.addJson(MEDIA_TYPE.manifest, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config,
      layers: layers.map(({ descriptor }) => descriptor),
    });
    writeJson(join(layout, 'oci-layout'), { imageLayoutVersion: '1.0.0' });
    writeJson(join(layout, 'index.json'), {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.index,
      manifests: [
        {
          ...manifest,
          platform: { architecture: image.architecture, os: 'linux' },
          annotations: names(image),
        },
      ],
    });
    writeTar(layout, image.timeSec, output);
    return {
      digest: manifest.digest,
      layers: layers.map(({ name, unpackedBytes, descriptor }) => {
        return { name, unpackedBytes, packedBytes: descriptor.size };
      }),
    };
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}

/** containerd takes the full name from its own annotation, everybody else the tag from the standard one. */
function names({ tag }: ImageDescription): Readonly<Record<string, string>> {
  return {
    'io.containerd.image.name': qualifiedName(tag),
    'org.opencontainers.image.ref.name': tag.slice(tag.lastIndexOf(':') + 1),
  };
}

/** As container tools complete short names: `manul:1` is `docker.io/library/manul:1`. */
export function qualifiedName(tag: string): string {
  const [first, ...rest] = tag.split('/') as [string, ...string[]];
  if (rest.length === 0) return `docker.io/library/${tag}`;
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  return isHost ? tag : `docker.io/${tag}`;
}

class BlobFolder {
  readonly #folder: string;

  constructor(layout: string) {
    this.#folder = join(layout, 'blobs/sha256');
    mkdirSync(this.#folder, { recursive: true });
  }

  add(mediaType: string, bytes: Uint8Array): Descriptor {
    const digest = digestOf(bytes);
    writeFileSync(join(this.#folder, digest.slice('sha256:'.length)), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  addJson(mediaType: string, value: unknown): Descriptor {
    return this.add(mediaType, Buffer.from(JSON.stringify(value)));
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}

/** What may be executed stays so, and a sticky folder (/tmp) everybody's; the builder's umask decides nothing. */
function settleModes(path: string): void {
  const { mode } = lstatSync(path);
  const isFolder = (mode & S_IFMT) === S_IFDIR;
  if (isFolder) chmodSync(path, (mode & S_ISVTX) === 0 ? 0o755 : 0o1777);
  else if ((mode & S_IFMT) === S_IFREG) chmodSync(path, (mode & 0o100) === 0 ? 0o644 : 0o755);
  if (isFolder) for (const name of readdirSync(path)) settleModes(join(path, name));
}

const { S_IFDIR, S_IFMT, S_IFREG } = constants;
const S_ISVTX = 0o1000;

function tarFlags(folder: string, timeSec: number): string[] {
  const owner = ['--owner=0', '--group=0', '--numeric-owner'];
  return ['-c', '-C', folder, '--sort=name', `--mtime=@${timeSec}`, '--format=gnu', ...owner];
}

function tarOf(folder: string, timeSec: number): Buffer {
  const run = spawnSync('tar', [...tarFlags(folder, timeSec), '--transform=s,^\\./,,', '.'], {
    maxBuffer: MAX_LAYER_BYTES,
  });
  if (run.status !== 0) throw new Error(`tar of ${folder}: ${run.stderr}`);
  return run.stdout;
}

function writeTar(folder: string, timeSec: number, output: string): void {
  runTool('tar', [...tarFlags(folder, timeSec), '-f', output, 'oci-layout', 'index.json', 'blobs']);
}
