/**
 * Whether a speaker of this node has run since the machine was started: then the routes that it brought into the kernel
 * are still there, and peers may keep theirs (RFC 4724 §4.1). Told by a file beside the control socket that holds the
 * identifier of the boot.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { dirname, join } from 'node:path';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Longer than peers keep routes of a node that is away, unless their restart time is said to be longer. */
const FORGOTTEN_SEC = 300;

/**
 * The machine has run for so long that nobody remembers what it announced before it was started: what peers keep, a
 * speaker has told them since. For speakers whose files go with their pod.
 */
export function isBootForgotten(uptimeSec = uptime()): boolean {
  return uptimeSec > FORGOTTEN_SEC;
}

/** Notes that a speaker runs. @returns whether one has run before; false where nothing can be noted */
export function noteSpeakerRun(controlPath: string, bootIdPath = BOOT_ID): boolean {
  const path = markerPath(controlPath);
  try {
    const bootId = readFileSync(bootIdPath, 'utf8').trim();
    const hasRun = textOf(path) === bootId;
    if (!hasRun) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${bootId}\n`);
    }
    return hasRun;
  } catch {
    return false;
  }
}

/** The routes are gone: the next speaker is the first. @returns whether there was anything to forget */
export function forgetSpeakerRun(controlPath: string): boolean {
  const path = markerPath(controlPath);
  if (textOf(path) === null) return false;
  rmSync(path, { force: true });
  return true;
}

function markerPath(controlPath: string): string {
  return join(dirname(controlPath), 'speaker-ran');
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
