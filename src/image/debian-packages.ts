/**
 * The base of the image: Debian packages, unpacked and not installed. Each is named, with what it needs, so that
 * nothing comes in unseen; what only people or compilers need is left out.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';

/** In the order of unpacking. */
const PACKAGES: readonly string[] = [
  // What the runtime is linked with, and a shell for its launcher.
  ...['libc6', 'libgcc-s1', 'libstdc++6', 'dash'],
  // nft, which the agent speaks to.
  ...['nftables', 'libnftables1', 'libnftnl11', 'libmnl0', 'libjansson4', 'libedit2', 'libbsd0', 'libmd0'],
  ...['libtinfo6', 'libgmp10', 'libxtables12'],
  // iptables-legacy, for hosts whose firewall is made of it.
  ...['iptables', 'libip4tc2', 'libip6tc2', 'libnetfilter-conntrack3', 'libnfnetlink0'],
];

/** Below usr/share and usr/lib; licences (usr/share/doc) stay. `gconv`: converters of iconv(), which nothing calls. */
const LEFT_OUT = [
  ...['bash-completion', 'bug', 'info', 'lintian', 'locale', 'man', 'menu'].map(
    (name) => `./usr/share/${name}`,
  ),
  ...[
    './usr/lib/*/gconv',
    './lib/*/gconv',
    './usr/lib/systemd',
    './lib/systemd',
    './etc/init.d',
    './etc/default',
  ],
];

/** /usr is one tree, as on Debian itself. */
const MERGED: readonly (readonly [string, string])[] = [
  ['bin', 'usr/bin'],
  ['sbin', 'usr/sbin'],
  ['lib', 'usr/lib'],
  ['lib64', 'usr/lib64'],
];

/**
 * Unpacks the packages below `root`, an empty folder.
 * @param cache folder for the packages themselves
 * @returns `name=version`, in order
 * @throws Error with what apt-get or dpkg-deb says
 */
export function unpackDebianPackages(root: string, cache: string): readonly string[] {
  for (const [link, target] of MERGED) {
    mkdirSync(join(root, target), { recursive: true });
    symlinkSync(target, join(root, link));
  }
  const files = download(cache);
  for (const file of files) unpack(file, root);
  return files.map((file) => describePackage(file, root));
}

function download(cache: string): readonly string[] {
  const versions = PACKAGES.map(candidateVersion);
  const paths = PACKAGES.map((name, i) => join(cache, `${name}_${versions[i]!.replaceAll(':', '%3a')}.deb`));
  const missing = PACKAGES.filter((_, i) => !existsSync(paths[i]!));
  if (missing.length === 0) return paths;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'download-'));
  try {
    const wanted = missing.map((name) => `${name}=${versions[PACKAGES.indexOf(name)]}`);
    runTool('apt-get', ['download', '-qq', ...wanted], { cwd: folder });
    for (const file of readdirSync(folder)) {
      const path = paths[PACKAGES.indexOf(file.slice(0, file.indexOf('_')))];
      if (path === undefined)
        throw new Error(`apt-get download made ${file}, which is no package of the image`);
      renameSync(join(folder, file), path);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return paths;
}

function candidateVersion(name: string): string {
  const policy = runTool('apt-cache', ['policy', name]);
  const version = /^ {2}Candidate: (\S+)$/m.exec(policy)?.[1];
  if (version === undefined || version === '(none)') {
    throw new Error(`apt knows no package ${name}: run apt-get update, on Debian`);
  }
  return version;
}

function unpack(file: string, root: string): void {
  const tar = spawnSync('dpkg-deb', ['--fsys-tarfile', file], { maxBuffer: 256 << 20 });
  if (tar.status !== 0) throw new Error(`dpkg-deb --fsys-tarfile ${file}: ${tar.stderr}`);
  const excluded = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
  const flags = ['-x', '-f', '-', '-C', root, '--keep-directory-symlink', '--no-same-owner', '--wildcards'];
  runTool('tar', [...flags, ...excluded], { input: tar.stdout });
}

/** Written down where scanners look for the packages of an image without a package manager. */
function describePackage(file: string, root: string): string {
  const control = runTool('dpkg-deb', ['-f', file]);
  const field = (name: string): string => new RegExp(`^${name}: (.+)$`, 'm').exec(control)?.[1] ?? '';
  const folder = join(root, 'var/lib/dpkg/status.d');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, field('Package')), control);
  return `${field('Package')}=${field('Version')}`;
}
