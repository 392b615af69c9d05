/** What of this project and of its packages goes into the image: what runs in production, and nothing else. */
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

const WORKSPACES = ['bgp', 'config', 'felix-like'];
/** Of the repository, from its root. */
const SOURCES = [...WORKSPACES, 'src', 'package.json', 'LICENSE'];
/** Tools for developers, and sources in another language. */
const NOT_SHIPPED = ['src/demo', 'src/image', 'felix-like/cni/plugin'];
const SHIPPED_FILE = /(?:\.ts|\/package\.json|^package\.json|LICENSE|^src\/bin\/manul)$/;
/** Types and sources (which Node.js does not run below node_modules), maps and manuals. */
const NOT_RUN = /\.(?:[cm]?ts|map|md|markdown)$/;

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** Our own sources, below `folder`. */
export function copySources(folder: string): void {
  for (const source of SOURCES) {
    cpSync(join(PROJECT, source), join(folder, source), {
      recursive: true,
      filter: (path) => isShipped(path),
    });
  }
}

function isShipped(path: string): boolean {
  const name = relative(PROJECT, path);
  if (NOT_SHIPPED.some((folder) => name === folder || name.startsWith(`${folder}${sep}`))) return false;
  if (name.split(sep).includes('node_modules')) return false;
  return statSync(path).isDirectory() || SHIPPED_FILE.test(name);
}

/**
 * The packages that production needs, as the lock file says, below `folder`.
 * @returns `name@version`, sorted
 * @throws Error for a package that is not installed here
 */
export function copyPackages(folder: string): readonly string[] {
  const lock = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, LockedPackage & { optional?: boolean }>>;
  };
  const copied: string[] = [];
  for (const [path, locked] of Object.entries(lock.packages)) {
    if (!path.includes('node_modules/') || locked.dev === true || locked.link === true) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (name.startsWith('@types/')) continue;
    if (!existsSync(join(PROJECT, path))) {
      // Of packages for other platforms only ours is installed.
      if (locked.optional === true) continue;
      throw new Error(`${path} is not installed: run npm ci`);
    }
    copyPackage(join(PROJECT, path), join(folder, path));
    copied.push(`${name}@${locked.version}`);
  }
  for (const workspace of WORKSPACES) {
    const link = join(folder, 'node_modules/@manul', workspace);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join('../..', workspace), link);
  }
  return copied.sort();
}

function copyPackage(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    filter: (path) => {
      if (path === from) return true;
      const name = basename(path);
      // Packages inside are named by the lock file themselves. `prebuilds` are for Bare, another runtime.
      if (name === 'node_modules' || (name === 'prebuilds' && basename(from).startsWith('bare-')))
        return false;
      return !NOT_RUN.test(name);
    },
  });
}

/** The Node.js that the project runs on. */
export function nodeBinary(): string {
  return resolve(PROJECT, 'node_modules/node/bin/node');
}
