/** A node whose agent attaches pods, and what a container runtime does there: `cnitool`, or the plugin itself. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { atExit } from '../../harness/process/at-exit.ts';
import { NetworkNamespace } from '../../harness/process/network-namespace.ts';
import { type CommandResult, outputOf, runCommand } from '../../harness/process/run-command.ts';
import { TempFolder } from '../../harness/process/temp-folder.ts';
import { kubernetesTool } from '../../support/kubernetes-tools.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const LIBCNI_RESULTS = '/var/lib/cni/results';

const NODE = `apiVersion: v1
kind: Node
metadata: {name: node-1}
spec: {podCIDRs: [10.244.0.0/23, "fd00:10:244::/64"]}
`;

export interface PluginRun {
  /** Null: it was killed. */
  readonly status: number | null;
  readonly output: string;
}

export interface Leftovers {
  readonly interfaces: readonly string[];
  readonly addresses: readonly string[];
  readonly attachments: readonly string[];
}

export class CniRuntime {
  readonly namespace: NetworkNamespace;
  readonly daemon: ManulDaemon;
  readonly #folder: TempFolder;
  readonly #programs: string;
  readonly #forgetPods: () => void;
  #pods: string[] = [];

  private constructor(
    daemon: ManulDaemon,
    folder: TempFolder,
    programs: string,
    namespace: NetworkNamespace,
  ) {
    this.daemon = daemon;
    this.#folder = folder;
    this.#programs = programs;
    this.namespace = namespace;
    this.#forgetPods = atExit(() => this.#removePods());
  }

  static async start(): Promise<CniRuntime> {
    const programs = (
      await outputOf('npm', ['run', '--silent', 'cni-programs'], { cwd: REPOSITORY, deadlineMs: 300_000 })
    ).trim();
    const namespace = new NetworkNamespace('cni', []);
    const folder = new TempFolder('cni');
    try {
      const daemon = await ManulDaemon.start({
        node: 'node-1',
        files: { 'node.yaml': NODE },
        roles: 'agent',
        namespace,
        wrapper: [
          'setpriv',
          '--inh-caps=-all,+net_admin,+sys_admin',
          '--bounding-set=-all,+net_admin,+sys_admin',
        ],
        arguments: [
          ...['--cni', '--cni-programs', programs, '--state-dir', folder.file('state')],
          ...['--cni-bin-dir', folder.file('bin'), '--cni-conf-dir', folder.file('net.d')],
          ...['--cni-socket', folder.file('cni.sock')],
        ],
      });
      return new CniRuntime(daemon, folder, programs, namespace);
    } catch (error) {
      namespace.remove();
      folder.remove();
      throw error;
    }
  }

  get configFolder(): string {
    return this.#folder.file('net.d');
  }

  get binFolder(): string {
    return this.#folder.file('bin');
  }

  /** Network namespaces for pods; removed at the end. @returns their files */
  newPods(count: number): string[] {
    const names = Array.from(
      { length: count },
      (_, i) => `${this.namespace.name}-pod-${this.#pods.length + i}`,
    );
    this.#batch(names.map((name) => `netns add ${name}`));
    this.#pods.push(...names);
    return names.map((name) => `/run/netns/${name}`);
  }

  /** As a runtime would, with what the agent has installed. */
  cnitool(verb: string, netns: string, deadlineMs = 120_000): Promise<CommandResult> {
    return runCommand(kubernetesTool('cnitool'), [verb, 'manul', netns], {
      namespace: this.namespace,
      deadlineMs,
      env: { ...process.env, CNI_PATH: this.binFolder, NETCONFPATH: this.configFolder },
    });
  }

  /** Calls the plugin alone. @param onStart is given a function that kills it */
  plugin(
    verb: string,
    container: string,
    netns: string,
    onStart: (kill: () => void) => void = () => {},
  ): Promise<PluginRun> {
    const config = {
      cniVersion: '1.1.0',
      name: 'manul',
      type: 'manul',
      socket: this.#folder.file('cni.sock'),
    };
    const child = spawn(join(this.#programs, 'manul'), {
      env: {
        CNI_COMMAND: verb,
        CNI_CONTAINERID: container,
        CNI_NETNS: netns,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => {}); // it may be killed before it reads
    child.stdin.end(JSON.stringify(config));
    onStart(() => child.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve({ status, output }));
    });
  }

  /** Everything of pods that there is on the node. */
  leftovers(): Leftovers {
    const links = JSON.parse(this.#ip(['-n', this.namespace.name, '-j', 'link', 'show'])) as {
      ifname: string;
    }[];
    const state = this.#folder.file('state/cni');
    return {
      interfaces: links.map(({ ifname }) => ifname).filter((name) => name.startsWith('cali')),
      addresses: list(join(state, 'addresses/manul')).filter((name) => /^[0-9a-f]+[.:_]/.test(name)),
      attachments: list(join(state, 'attachments')).map((name) => {
        return (JSON.parse(readFileSync(join(state, 'attachments', name), 'utf8')) as { state: string })
          .state;
      }),
    };
  }

  routes(): string[] {
    const routes = JSON.parse(
      this.#ip(['-n', this.namespace.name, '-j', 'route', 'show', 'scope', 'link']),
    ) as {
      dst: string;
    }[];
    return routes.map(({ dst }) => dst);
  }

  /** What cnitool keeps of its own, machine-wide. */
  removeCachedResults(before: readonly string[]): void {
    for (const name of cachedResults()) if (!before.includes(name)) rmSync(join(LIBCNI_RESULTS, name));
  }

  async stop(): Promise<void> {
    await this.daemon.stop();
    this.#forgetPods();
    this.#removePods();
    this.namespace.remove();
    this.#folder.remove();
  }

  #removePods(): void {
    this.#batch(this.#pods.map((name) => `netns delete ${name}`));
    this.#pods = [];
  }

  #batch(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const run = spawnSync('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n`, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`ip -batch: ${run.stderr.trim()}`);
  }

  #ip(args: readonly string[]): string {
    const run = spawnSync('ip', [...args], { encoding: 'utf8', maxBuffer: 64 << 20 });
    if (run.status !== 0) throw new Error(`ip ${args.join(' ')}: ${run.stderr.trim()}`);
    return run.stdout;
  }
}

export function cachedResults(): string[] {
  return list(LIBCNI_RESULTS);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
