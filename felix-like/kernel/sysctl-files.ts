/**
 * Kernel parameters as files below /proc/sys, or below another mount of it: containers have a read-only one there.
 * Those of the network follow the namespace of the calling thread.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { KernelFailure, SysctlOutcome, SysctlSetting } from './kernel-port.ts';
import { kernelFailure } from './system-error.ts';

export const SYSCTL_FOLDER = '/proc/sys';

/** The value without its line end, or null when the key does not exist or cannot be read. */
export function readSysctlFile(folder: string, key: string): string | null {
  try {
    return readFileSync(pathOf(folder, key), 'latin1').trimEnd();
  } catch {
    return null;
  }
}

/** Writes the value unless it is there already. */
export function writeSysctlFile(folder: string, { key, value }: SysctlSetting): SysctlOutcome {
  try {
    const path = pathOf(folder, key);
    if (readFileSync(path, 'latin1').trimEnd() === value) return { isChanged: false, failure: null };
    writeFileSync(path, value);
    return { isChanged: true, failure: null };
  } catch (error) {
    return { isChanged: false, failure: failureOf(error) };
  }
}

/** Interface names come from the kernel, but a key must not lead out of the tree whatever it holds. */
function pathOf(folder: string, key: string): string {
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new RangeError(`not a sysctl key: ${key}`);
  }
  return `${folder}/${key}`;
}

function failureOf(error: unknown): KernelFailure {
  const { errno, message } = error as NodeJS.ErrnoException;
  return errno === undefined ? { code: 'EINVAL', text: message } : kernelFailure(-errno, null);
}
