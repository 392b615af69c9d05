/**
 * Runs a program of ours on a kernel of its own: user-mode Linux, which has what the kernel of the machine may lack
 * (IPIP). The host's files are its root, read-only; nothing that it does reaches the host but its job folder.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../process/run-command.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PROJECT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
/** Where the project is inside. */
const INNER_PROJECT = '/run/project';

export interface UmlResult {
  /** Exit status of the program. */
  readonly status: number;
  /** What it printed. */
  readonly output: string;
}

/**
 * Runs a TypeScript file of the project inside, as root.
 * @throws Error with the end of the console when the kernel ended without a status, or not in time
 */
export async function runInUserModeLinux(file: string, deadlineMs: number): Promise<UmlResult> {
  const job = mkdtempSync(join(tmpdir(), 'manul-uml-'));
  try {
    const node = relative(PROJECT, process.execPath);
    const inner = node.startsWith('..') ? process.execPath : `${INNER_PROJECT}/${node}`;
    writeFileSync(join(job, 'command'), `exec ${inner} ${INNER_PROJECT}/${relative(PROJECT, file)}\n`);
    const shim = join(job, 'xstate-shim.so');
    const compiled = spawnSync('gcc', [
      '-shared',
      '-fPIC',
      '-O1',
      '-o',
      shim,
      join(HERE, 'xstate-shim.c'),
      '-ldl',
    ]);
    if (compiled.status !== 0) throw new Error(`gcc: ${compiled.stderr}`);
    const args = [
      ...[
        'mem=1536M',
        'rootfstype=hostfs',
        'root=/dev/root',
        'rootflags=/',
        'ro',
        `init=${join(HERE, 'init.sh')}`,
      ],
      ...['con=null', 'con0=null,fd:1', 'quiet', 'panic=-1', `uml_dir=${job}/`],
      ...[`JOB=${job}`, `PROJECT=${PROJECT}`],
    ];
    const env = { ...process.env, LD_PRELOAD: shim, TMPDIR: job };
    const console = await runCommand('linux.uml', args, { env, deadlineMs });
    const statusFile = join(job, 'status');
    const output = existsSync(join(job, 'output')) ? readFileSync(join(job, 'output'), 'utf8') : '';
    if (!existsSync(statusFile)) {
      const tail = `${console.stdout}${console.stderr}`.slice(-4000);
      throw new Error(`user-mode Linux ended without a status:\n${tail}\n${output.slice(-4000)}`);
    }
    return { status: Number(readFileSync(statusFile, 'utf8')), output };
  } finally {
    rmSync(job, { recursive: true, force: true });
  }
}
