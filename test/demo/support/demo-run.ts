/** The demo as a user starts it, in a folder for temporary files of its own, by which all that is its is found. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Changes } from '../../harness/deadline.ts';

const ROOT = resolve(__dirname, '../../..');
const NODE = join(ROOT, 'node_modules/node/bin/node');
/** The demo itself takes some seconds. */
const DEADLINE_MS = 100_000;

export interface DemoEnd {
  /** Exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class DemoRun {
  readonly #folder = mkdtempSync(join(tmpdir(), 'manul-test-'));
  readonly #child: ChildProcess;
  readonly #changes = new Changes();
  readonly #closed: Promise<unknown>;
  /** Part of all its names; null until it has printed something. */
  #runId: string | null = null;
  stdout = '';
  stderr = '';

  /** @param inShell with a shell between, as npm starts it */
  constructor(options: readonly string[], inShell = false) {
    const words = [NODE, join(ROOT, 'src/demo/main.ts'), ...options];
    const [command = '', ...args] = inShell ? ['sh', '-c', '"$0" "$@"; exit $?', ...words] : words;
    this.#child = spawn(command, args, {
      cwd: ROOT,
      env: {
        ...process.env,
        TMPDIR: this.#folder,
        NO_COLOR: '1',
        MANUL_NODE: 'not-to-be-used',
        ...(inShell ? { npm_lifecycle_event: 'demo' } : {}),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#runId ??=
        /manul-demo-(\w{6})/.exec(readdirSync(this.#folder).join(' '))?.[1]?.toLowerCase() ?? null;
      this.#changes.notify();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#closed = once(this.#child, 'close').then(() => this.#changes.notify());
  }

  /** Resolves once it has printed `text`. @throws Error when it ends before */
  async printed(text: string): Promise<void> {
    await this.#changes.until(
      () => {
        if (this.stdout.includes(text)) return true;
        if (this.#child.exitCode !== null)
          throw new Error(`the demo has ended: ${this.stdout}${this.stderr}`);
        return null;
      },
      `the demo prints “${text}”`,
      DEADLINE_MS,
    );
  }

  /** To the demo, or to the shell that it is in. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves once whoever can write to its output has ended. */
  async end(): Promise<DemoEnd> {
    await this.#closed;
    return { status: this.#child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** Processes, other than the demo itself, that it or its children started and that are there now: command lines by pid. */
  processes(): ReadonlyMap<number, string> {
    const found = new Map<number, string>();
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (Number(pid) === this.#child.pid) continue;
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        if (!environment.includes(`TMPDIR=${this.#folder}`)) continue;
        found.set(Number(pid), readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
      } catch {
        // it has ended meanwhile, or is somebody else's
      }
    }
    return found;
  }

  /** Its temporary files: in its own folder, and those of FRR, whose user could not reach them there. */
  files(): readonly string[] {
    const frr = readdirSync('/tmp').filter((name) => name.startsWith(`manul-demo-${this.#runId}-`));
    return [...readdirSync(this.#folder), ...frr];
  }

  /** Its network namespaces, as `ip netns` lists them. */
  namespaces(): readonly string[] {
    const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
    return (stdout ?? '').split('\n').filter((line) => line.startsWith(`manul-${this.#runId}-`));
  }

  /** Kills what is left of it, after a test that failed. */
  destroy(): void {
    this.#child.kill('SIGKILL');
    for (const pid of this.processes().keys()) process.kill(pid, 'SIGKILL');
    for (const line of this.namespaces()) spawnSync('ip', ['netns', 'delete', line.split(' ')[0]!]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
