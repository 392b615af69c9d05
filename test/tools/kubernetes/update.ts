/**
 * `node test/tools/kubernetes/update.ts VERSION`: writes go.mod for another version of Kubernetes, such as 1.37.1, and
 * completes it and go.sum. Kubernetes cannot be a dependency as it is: it replaces its own parts by folders of
 * its repository, and only the main module's replacements count, so each part is replaced by its release here.
 * `KUBERNETES_VERSION` in tool-sets.ts must be changed with it.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOOLS } from './tool-sets.ts';

function runGo(args: readonly string[], cwd: string, flags = ''): string {
  const run = spawnSync('go', [...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: flags },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`go ${args.join(' ')} failed`);
  return run.stdout;
}

/** @param released of the parts: that of Kubernetes with a zero in front. */
function moduleText(version: string, upstream: string): string {
  const goLine = /^go .+$/m.exec(upstream)?.[0] ?? 'go 1.26.0';
  const parts = [...upstream.matchAll(/^\s*(\S+) => \.\/staging/gm)].map((match) => match[1]);
  const released = `v0.${version.slice(version.indexOf('.') + 1)}`;
  const packages = Object.values(TOOLS)
    .flat()
    .filter((tool) => tool.version === undefined)
    .map((tool) => tool.package)
    .sort();
  return [
    'module manul.test/kubernetes-tools',
    '',
    goLine,
    '',
    'tool (',
    ...packages.map((name) => `\t${name}`),
    ')',
    '',
    `require k8s.io/kubernetes v${version}`,
    '',
    'replace (',
    ...parts.map((part) => `\t${part} => ${part} ${released}`),
    ')',
    '',
  ].join('\n');
}

const version = process.argv[2];
if (version === undefined || !/^1\.\d+\.\d+$/.test(version)) {
  console.error('usage: update.ts VERSION, such as 1.37.1');
  process.exitCode = 2;
} else {
  const folder = import.meta.dirname;
  // not in this folder: an unfinished go.mod would stop the download
  const downloaded = JSON.parse(
    runGo(['mod', 'download', '-json', `k8s.io/kubernetes@v${version}`], tmpdir()),
  ) as { GoMod: string };
  rmSync(join(folder, 'go.sum'), { force: true });
  writeFileSync(join(folder, 'go.mod'), moduleText(version, readFileSync(downloaded.GoMod, 'utf8')));
  runGo(['list', '-deps', 'tool'], folder, '-mod=mod');
}
