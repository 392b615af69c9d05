/**
 * `npm run kubernetes-tools [-- SET…]`: builds the programs of the named sets, by default all, into the user's cache
 * folder and prints where they are. A set that is there already costs nothing. A set appears whole or not at all.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MODULE_FOLDER, missingToolSet, toolSetFolder } from '../../support/kubernetes-tools.ts';
import { ldflagsOf, TOOL_SETS, TOOLS, type Tool, type ToolSet } from './tool-sets.ts';

/** Runs Go at low priority. @throws Error when it fails; what it says has been shown. */
function runGo(args: readonly string[], environment: NodeJS.ProcessEnv, cwd: string): void {
  const run = spawnSync('nice', ['go', ...args], {
    cwd,
    env: { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false', ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`go ${args[0]} failed with status ${run.status ?? run.signal}`);
}

function buildTool(tool: Tool, folder: string): void {
  const options = ['-trimpath', '-ldflags', ldflagsOf(tool)];
  if (tool.tags !== undefined) options.push('-tags', tool.tags);
  const environment = { CGO_ENABLED: tool.cgo === true ? '1' : '0', GOBIN: folder };
  if (tool.version === undefined) {
    runGo(['build', ...options, '-o', join(folder, tool.name), tool.package], environment, MODULE_FOLDER);
  } else {
    // outside of any module, so that the program's own go.mod decides
    runGo(['install', ...options, `${tool.package}@${tool.version}`], environment, folder);
  }
}

function buildSet(set: ToolSet, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(join(dirname(target), `.${basename(target)}-`));
  try {
    for (const tool of TOOLS[set]) {
      const started = performance.now();
      buildTool(tool, folder);
      console.error(`built ${tool.name} in ${Math.round((performance.now() - started) / 1000)} s`);
    }
    renameSync(folder, target);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    // somebody else may have been faster
    if (missingToolSet(set) !== null) throw error;
  }
}

function main(args: readonly string[]): number {
  const unknown = args.filter((arg) => !TOOL_SETS.some((set) => set === arg));
  if (unknown.length > 0) {
    console.error(`no such set: ${unknown.join(', ')}; there are ${TOOL_SETS.join(', ')}`);
    return 2;
  }
  for (const set of TOOL_SETS.filter((candidate) => args.length === 0 || args.includes(candidate))) {
    const folder = toolSetFolder(set);
    if (folder === null) {
      console.error('Go is needed to build the Kubernetes tools');
      return 1;
    }
    if (missingToolSet(set) !== null) buildSet(set, folder);
    console.log(`${set}: ${folder}`);
  }
  return 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
