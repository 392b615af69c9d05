/** Which files the configured paths stand for now, and whether anything about them has changed. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

export interface PathScan {
  /** Resource files in order: by path as given, inside a folder by name. No file twice. */
  readonly files: readonly string[];
  /** Configured paths that do not exist. */
  readonly missing: readonly string[];
  /** Paths that exist and cannot be looked at, with the reason. */
  readonly failed: readonly { readonly path: string; readonly text: string }[];
  /** Folders in which a change may concern us. */
  readonly folders: readonly string[];
  /** Differs whenever a path or file came, went, or changed. */
  readonly fingerprint: string;
}

const EXTENSION = /\.(?:ya?ml|json)$/i;

/** Looks at files and folders: `*.yaml`, `*.yml`, `*.json`; not hidden ones, which editors leave, and not below. */
export async function scanPaths(paths: readonly string[]): Promise<PathScan> {
  const files = new Map<string, string>();
  const missing: string[] = [];
  const failed: { path: string; text: string }[] = [];
  const folders = new Set<string>();
  const prints: string[] = [];

  const add = async (file: string, given: boolean): Promise<void> => {
    const print = await fingerprintOf(file);
    if (print === null) {
      if (given) missing.push(file);
      return;
    }
    if (files.has(resolve(file))) return;
    files.set(resolve(file), file);
    prints.push(`${file}\0${print}`);
  };

  for (const path of paths) {
    try {
      const found = await stat(path);
      if (!found.isDirectory()) {
        folders.add(dirname(path));
        await add(path, true);
        continue;
      }
      folders.add(path);
      const names = (await readdir(path))
        .filter((name) => EXTENSION.test(name) && !name.startsWith('.'))
        .sort();
      prints.push(`${path}\0${found.dev}:${found.ino}`);
      for (const name of names) await add(join(path, name), false);
    } catch (error) {
      folders.add(dirname(path));
      if (isNotFound(error)) missing.push(path);
      else failed.push({ path, text: reasonOf(error) });
    }
  }
  const fingerprint = [...prints, ...missing, ...failed.map(({ path, text }) => `${path}\0${text}`)].join(
    '\n',
  );
  return { files: [...files.values()], missing, failed, folders: [...folders], fingerprint };
}

/** Differs whenever one of the files came, went, or changed. */
export async function fingerprintFiles(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map(async (file) => `${file}\0${await fingerprintOf(file)}`))).join('\n');
}

/** Identity, size and times of a file; null where there is none (or it is a folder). */
export async function fingerprintOf(file: string): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, mode } = await stat(file, { bigint: true });
    const isFolder = (mode & 0o170000n) === 0o040000n;
    return isFolder ? null : `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch (error) {
    return isNotFound(error) ? null : reasonOf(error);
  }
}

export function isNotFound(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** What the system says, in words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
