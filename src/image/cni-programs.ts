/**
 * The executables that CNI needs on a host, built from Go: our plugin from its source here, and the standard
 * plugins from their module at one version. Static, without paths of this machine: the same input, the same bytes.
 * Finished ones are kept in the user's cache.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CNI_PROGRAMS = ['host-local', 'loopback', 'manul', 'portmap'] as const;

const PLUGIN_SOURCE = fileURLToPath(new URL('../../felix-like/cni/plugin', import.meta.url));
const STANDARD_PLUGINS = 'github.com/containernetworking/plugins/plugins';
const STANDARD_VERSION = 'v1.9.1';
const STANDARD = ['ipam/host-local', 'main/loopback', 'meta/portmap'].map(
  (path) => `${STANDARD_PLUGINS}/${path}`,
);
const BUILD_FLAGS = ['-trimpath', '-buildvcs=false', '-ldflags', '-s -w -buildid='];

/**
 * The folder with the three executables; they are built when they are not there.
 * @throws Error with what the compiler says
 */
export function cniPrograms(): string {
  const folder = join(cacheFolder(), `cni-${inputHash()}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const unfinished = mkdtempSync(join(cacheFolder(), 'unfinished-'));
  try {
    go(PLUGIN_SOURCE, unfinished, ['build', ...BUILD_FLAGS, '-o', join(unfinished, 'manul'), '.']);
    const packages = STANDARD.map((path) => `${path}@${STANDARD_VERSION}`);
    go(unfinished, unfinished, ['install', ...BUILD_FLAGS, ...packages]);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Somebody else may have been faster.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function inputHash(): string {
  const hash = createHash('sha256').update(
    JSON.stringify([STANDARD, STANDARD_VERSION, BUILD_FLAGS, process.arch]),
  );
  for (const file of ['go.mod', 'main.go']) hash.update(readFileSync(join(PLUGIN_SOURCE, file)));
  const version = spawnSync('go', ['env', 'GOVERSION'], { cwd: homedir(), encoding: 'utf8' });
  if (version.status !== 0) throw new Error('building the CNI programs needs Go (command "go")');
  return hash.update(version.stdout).digest('hex').slice(0, 16);
}

function go(cwd: string, binFolder: string, args: readonly string[]): void {
  const env = { ...process.env, CGO_ENABLED: '0', GOBIN: binFolder };
  const run = spawnSync('go', args, { cwd, env, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`go ${args.join(' ')}: ${run.stderr.trim()}`);
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'manul');
}
