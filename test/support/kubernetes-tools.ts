/**
 * Where the programs of a Kubernetes cluster are, once `npm run kubernetes-tools` has built them: below the user's
 * cache folder, outside of any clone, one folder per set, named by a hash of all that decides what is built.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ldflagsOf, TOOL_SETS, TOOLS, type ToolSet } from '../tools/kubernetes/tool-sets.ts';

export type { ToolSet } from '../tools/kubernetes/tool-sets.ts';

/** The Go module that pins most of the programs. */
export const MODULE_FOLDER = fileURLToPath(new URL('../tools/kubernetes', import.meta.url));
const BUILD_COMMAND = 'npm run kubernetes-tools --';

let knownGoVersion: string | null | undefined;

/** Such as `go1.26.8`; null where there is no Go. */
export function goVersion(): string | null {
  if (knownGoVersion === undefined) {
    const asked = spawnSync('go', ['env', 'GOVERSION'], { cwd: homedir(), encoding: 'utf8' });
    knownGoVersion = asked.status === 0 ? asked.stdout.trim() : null;
  }
  return knownGoVersion;
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'manul', 'kubernetes-tools');
}

/** The folder that holds the finished set, whether it has been built or not; null where there is no Go. */
export function toolSetFolder(set: ToolSet): string | null {
  const go = goVersion();
  if (go === null) return null;
  const tools = TOOLS[set].map((tool) => ({ ...tool, ldflags: ldflagsOf(tool) }));
  const hash = createHash('sha256').update(JSON.stringify([set, tools, go, process.arch]));
  const files = ['build.ts'];
  if (tools.some((tool) => tool.version === undefined)) files.push('go.mod', 'go.sum');
  for (const file of files) hash.update(readFileSync(join(MODULE_FOLDER, file)));
  return join(cacheFolder(), `${set}-${hash.digest('hex').slice(0, 16)}`);
}

/** Why the set cannot be used, with the command that builds it; null when it is there. */
export function missingToolSet(set: ToolSet): string | null {
  const folder = toolSetFolder(set);
  if (folder === null) return `Go, to build the Kubernetes tools (${BUILD_COMMAND} ${set})`;
  return existsSync(folder) ? null : `the Kubernetes tools: ${BUILD_COMMAND} ${set}`;
}

/** Absolute path of a program. @throws Error when its set has not been built, or when no set has it. */
export function kubernetesTool(name: string): string {
  const set = TOOL_SETS.find((candidate) => TOOLS[candidate].some((tool) => tool.name === name));
  if (set === undefined) throw new Error(`${name} is no Kubernetes tool`);
  const folder = toolSetFolder(set);
  const missing = missingToolSet(set);
  if (folder === null || missing !== null) throw new Error(`${name} needs ${missing}`);
  return join(folder, name);
}
