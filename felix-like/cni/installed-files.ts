/**
 * What CNI needs on the host: executables, and the network configuration that names them. A file is replaced as a
 * whole; the configuration comes last and goes first, so that it never names what is not there. Of the standard
 * plugins only what we put there ourselves is ever updated or removed: a host may have its own.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CNI_VERSIONS } from './network-config.ts';

export interface CniPaths {
  /** Folder of the executables as they come with this version. */
  readonly programFolder: string;
  /** Where the runtime looks for plugins, `/opt/cni/bin`. */
  readonly binFolder: string;
  /** Where the runtime looks for networks, `/etc/cni/net.d`. */
  readonly configFolder: string;
  /** Folder for what must outlive the process, `/var/lib/manul`. */
  readonly stateFolder: string;
  /** Where the plugin finds the agent, as a path of the host. */
  readonly socketPath: string;
}

export const CONFIG_NAME = '10-manul.conflist';
const NETWORK = 'manul';
const PLUGIN = 'manul';
/** containerd and CRI-O call `loopback` for every pod, whatever network they use. */
const STANDARD_PLUGINS: readonly string[] = ['host-local', 'loopback', 'portmap'];
/** Runtimes before containerd 2 read only `cniVersion`, and know nothing newer. */
const OLD_RUNTIME_VERSION = '1.0.0';

/** SHA-256 of what we put on the host, by name of the program. */
type Inventory = Record<string, string>;

export function networkConfig(socketPath: string): string {
  const versions = CNI_VERSIONS.slice(CNI_VERSIONS.indexOf(OLD_RUNTIME_VERSION));
  const config = {
    cniVersion: OLD_RUNTIME_VERSION,
    cniVersions: versions,
    name: NETWORK,
    plugins: [
      { type: PLUGIN, socket: socketPath },
      { type: 'portmap', snat: true, capabilities: { portMappings: true } },
    ],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/**
 * Puts on the host what is missing there, or is of another version.
 * @returns the files that were written
 * @throws Error naming the file that could not be
 */
export async function installCni(paths: CniPaths): Promise<string[]> {
  const { binFolder, configFolder, socketPath } = paths;
  const written: string[] = [];
  await mkdir(binFolder, { recursive: true });
  for (const name of [PLUGIN, ...STANDARD_PLUGINS]) {
    if (await installProgram(paths, name)) written.push(join(binFolder, name));
  }
  await mkdir(configFolder, { recursive: true });
  const configPath = join(configFolder, CONFIG_NAME);
  const config = networkConfig(socketPath);
  if ((await readText(configPath)) !== config) {
    await replaceFile(configPath, Buffer.from(config), 0o644);
    written.push(configPath);
  }
  return written;
}

/** Networks that a runtime prefers to ours: it takes the first by name. */
export async function preferredConfigs({ configFolder }: Pick<CniPaths, 'configFolder'>): Promise<string[]> {
  const names = await readdir(configFolder).catch(() => []);
  return names.filter((name) => /\.conf(?:list)?$|\.json$/.test(name) && name < CONFIG_NAME).sort();
}

/**
 * What of ours is on the host, in the order in which it is to be removed. Works without an agent.
 * @returns absolute paths of files and folders
 */
export async function listCniFiles(paths: Omit<CniPaths, 'programFolder' | 'socketPath'>): Promise<string[]> {
  const { binFolder, configFolder, stateFolder } = paths;
  const inventory = await readInventory(stateFolder);
  const candidates = [join(configFolder, CONFIG_NAME), join(binFolder, PLUGIN)];
  for (const name of STANDARD_PLUGINS) {
    const path = join(binFolder, name);
    if (inventory[name] !== undefined && (await hashOf(path)) === inventory[name]) candidates.push(path);
  }
  candidates.push(...(await unfinishedFiles(configFolder, [CONFIG_NAME])));
  candidates.push(...(await unfinishedFiles(binFolder, [PLUGIN, ...STANDARD_PLUGINS])));
  candidates.push(join(stateFolder, 'cni'));
  const present = await Promise.all(candidates.map(exists));
  return candidates.filter((_, i) => present[i]);
}

/** Removes them. @returns the paths that were removed, in that order */
export async function removeCniFiles(
  paths: Omit<CniPaths, 'programFolder' | 'socketPath'>,
): Promise<string[]> {
  const files = await listCniFiles(paths);
  for (const path of files) await rm(path, { recursive: true, force: true });
  return files;
}

async function installProgram(paths: CniPaths, name: string): Promise<boolean> {
  const source = join(paths.programFolder, name);
  const target = join(paths.binFolder, name);
  const [wanted, present] = await Promise.all([hashOf(source), hashOf(target)]);
  if (wanted === null) throw new Error(`${source}: no such file`);
  if (wanted === present) return false;
  const inventory = await readInventory(paths.stateFolder);
  if (name !== PLUGIN && present !== null && inventory[name] !== present) return false;
  // Noted before it is there: what is noted and not there does no harm, the other way round it would stay for ever.
  const folder = join(paths.stateFolder, 'cni');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replaceFile(
    inventoryPath(paths.stateFolder),
    Buffer.from(JSON.stringify({ ...inventory, [name]: wanted })),
    0o600,
  );
  await replaceFile(target, await readFile(source), 0o755);
  return true;
}

function inventoryPath(stateFolder: string): string {
  return join(stateFolder, 'cni', 'installed.json');
}

async function readInventory(stateFolder: string): Promise<Inventory> {
  try {
    return JSON.parse(await readFile(inventoryPath(stateFolder), 'utf8')) as Inventory;
  } catch {
    return {};
  }
}

/** What was left of files of these names by who was killed while writing them. */
async function unfinishedFiles(folder: string, names: readonly string[]): Promise<string[]> {
  const present = await readdir(folder).catch(() => []);
  const isUnfinished = (file: string): boolean =>
    names.some((name) => file.startsWith(`.${name}.`) && /^\d+\.new$/.test(file.slice(name.length + 2)));
  return present.filter(isUnfinished).map((file) => join(folder, file));
}

/** On the disk as a whole, or not at all. */
async function replaceFile(path: string, content: Uint8Array, mode: number): Promise<void> {
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  const file = await open(unfinished, 'w', mode);
  try {
    await file.writeFile(content);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}

/** By path: the file as it was when its content was read. Programs are megabytes, and looked at again and again. */
const hashes = new Map<string, { readonly version: string; readonly hash: string }>();

async function hashOf(path: string): Promise<string | null> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    const version = `${ino} ${size} ${mtimeMs}`;
    const known = hashes.get(path);
    if (known?.version === version) return known.hash;
    const hash = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    hashes.set(path, { version, hash });
    return hash;
  } catch {
    return null;
  }
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
