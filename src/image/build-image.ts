/** Puts the image together: layers from what changes least to what changes most, so that updates are small. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { copyPackages, copySources, nodeBinary } from './application-files.ts';
import { CNI_PROGRAMS, cniPrograms } from './cni-programs.ts';
import { unpackDebianPackages } from './debian-packages.ts';
import { type Layer, type WrittenImage, writeOciArchive } from './oci-archive.ts';
import { runTool } from './run-tool.ts';

export interface BuildOptions {
  /** Path of the archive. */
  readonly output: string;
  readonly tag: string;
  /** Seconds since 1970 that every file carries. */
  readonly timeSec: number;
}

/** Where everything of ours is inside the image. */
const HOME = 'opt/manul';
const NODE = `${HOME}/node_modules/node/bin/node`;
/** CAP_NET_BIND_SERVICE: port 179 for whoever is not root, where the container may have it. */
const NET_BIND_SERVICE = 10;
/** Nobody's number on hosts, and the chart's for the speaker; the agent's container overrides it. */
const USER_ID = 65532;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** @throws Error with what could not be done */
export function buildImage({ output, tag, timeSec }: BuildOptions): WrittenImage {
  const work = mkdtempSync(join(tmpdir(), 'manul-image-'));
  try {
    return writeOciArchive(
      {
        layers: makeLayers(work),
        tag,
        timeSec,
        architecture: ARCHITECTURES[process.arch] ?? process.arch,
        config: {
          User: `${USER_ID}:${USER_ID}`,
          Env: [`PATH=/${HOME}/src/bin:/usr/sbin:/usr/bin`, 'NODE_ENV=production', 'MALLOC_ARENA_MAX=1'],
          // What `manul` ends in. A shell between would lose the capability of the runtime's file.
          Entrypoint: [
            `/${NODE}`,
            '--max-semi-space-size=1',
            '--no-parallel-scavenge',
            '--no-maglev-destroy-on-background',
            `/${HOME}/src/main.ts`,
          ],
          Cmd: ['--help'],
          WorkingDir: '/',
          StopSignal: 'SIGTERM',
          Labels: {
            'org.opencontainers.image.title': 'manul',
            'org.opencontainers.image.description': manifest.description,
            'org.opencontainers.image.version': manifest.version,
            'org.opencontainers.image.licenses': manifest.license,
          },
        },
      },
      output,
      work,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function makeLayers(work: string): readonly Layer[] {
  const layer = (name: string, fill: (folder: string) => void): Layer => {
    const folder = mkdtempSync(join(work, 'layer-'));
    fill(folder);
    return { name, folder };
  };
  return [
    layer('Debian packages', fillBase),
    { ...layer('Node.js', fillNode), capability: { path: NODE, number: NET_BIND_SERVICE } },
    layer('CNI programs', fillCni),
    layer('packages', (folder) => copyPackages(join(folder, HOME))),
    layer('manul', (folder) => copySources(join(folder, HOME))),
  ];
}

function fillBase(root: string): void {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'manul', 'debian-packages');
  unpackDebianPackages(root, cache);
  for (const folder of ['etc', 'proc', 'sys', 'dev', 'tmp', 'run/manul', 'var/lib/manul', 'root']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  writeFileSync(
    join(root, 'etc/passwd'),
    `root:x:0:0:root:/root:/bin/sh\nmanul:x:${USER_ID}:${USER_ID}:manul:/:/bin/sh\n`,
  );
  writeFileSync(join(root, 'etc/group'), `root:x:0:\nmanul:x:${USER_ID}:\n`);
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
}

/** Without its symbols for debuggers: a fifth less. */
function fillNode(root: string): void {
  const target = join(root, NODE);
  mkdirSync(join(target, '..'), { recursive: true });
  copyFileSync(nodeBinary(), target);
  runTool('strip', ['--strip-unneeded', target]);
}

function fillCni(root: string): void {
  const target = join(root, HOME, 'cni');
  mkdirSync(target, { recursive: true });
  const source = cniPrograms();
  for (const name of CNI_PROGRAMS) {
    copyFileSync(join(source, name), join(target, name));
    chmodSync(join(target, name), 0o755);
  }
}
