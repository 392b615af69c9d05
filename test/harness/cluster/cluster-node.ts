/**
 * One node of a cluster: kubelet, containerd with runc and kube-proxy in namespaces and cgroups of their own, on a
 * cable of the fabric. When its first process ends, all of it is gone; what remains are its cgroups and its folder.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kubernetesTool } from '../../support/kubernetes-tools.ts';
import { atExit } from '../process/at-exit.ts';
import { ChildDaemon } from '../process/child-daemon.ts';
import type { NamespaceReference, NetworkNamespace } from '../process/network-namespace.ts';
import { type CommandOptions, outputOf } from '../process/run-command.ts';
import type { TempFolder } from '../process/temp-folder.ts';
import { namespacesOf } from './machine-traces.ts';
import { NodeCgroups } from './node-cgroups.ts';

const INIT = fileURLToPath(new URL('./node-init.sh', import.meta.url));
const START_DEADLINE_MS = 120_000;
const IMPORT_DEADLINE_MS = 300_000;
const LOG_TAIL_CHARS = 4000;
/** Joins the cgroups named before `--`, then becomes the command after it. */
const JOIN_CGROUPS = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit; shift; done; shift; exec "$@"';

export interface ClusterNodeInput {
  readonly name: string;
  readonly namespace: NetworkNamespace;
  /** IPv4, IPv6 */
  readonly addresses: readonly string[];
  /** Empty; its own. */
  readonly folder: TempFolder;
  /** Folder of archives, for all nodes. */
  readonly images: string;
  readonly files: Readonly<Record<string, string>>;
}

export class ClusterNode {
  readonly name: string;
  readonly namespace: NetworkNamespace;
  readonly addresses: readonly string[];
  readonly #folder: TempFolder;
  readonly #cgroups: NodeCgroups;
  readonly #child: ChildDaemon;
  readonly #initPid: number;
  readonly #forget: () => void;

  private constructor(input: ClusterNodeInput, cgroups: NodeCgroups, child: ChildDaemon, initPid: number) {
    this.name = input.name;
    this.namespace = input.namespace;
    this.addresses = input.addresses;
    this.#folder = input.folder;
    this.#cgroups = cgroups;
    this.#child = child;
    this.#initPid = initPid;
    this.#forget = atExit(() => process.kill(initPid, 'SIGKILL'));
  }

  /** Resolves when its programs have been started. */
  static async start(input: ClusterNodeInput): Promise<ClusterNode> {
    const { name, namespace, folder } = input;
    mkdirSync(folder.file('etc'));
    for (const [file, text] of Object.entries(input.files))
      writeFileSync(join(folder.file('etc'), file), text);
    const cgroups = new NodeCgroups(`${namespace.name}`);
    const init = [
      ...[
        INIT,
        name,
        folder.path,
        input.images,
        dirname(kubernetesTool('kubelet')),
        input.addresses.join(','),
      ],
      ...cgroups.options,
    ];
    const unshare = [
      '--cgroup',
      '--mount',
      '--pid',
      '--uts',
      '--ipc',
      '--fork',
      '--kill-child',
      'bash',
      ...init,
    ];
    const joinAndRun = ['-c', JOIN_CGROUPS, 'join', ...cgroups.joinFiles, '--', 'unshare', ...unshare];
    const child = await ChildDaemon.start(`node ${name}`, 'sh', joinAndRun, { namespace });
    try {
      await child.until((output) => output.includes('node is running') || null, 'runs', START_DEADLINE_MS);
    } catch (error) {
      await child.stop();
      cgroups.remove();
      folder.remove();
      throw error;
    }
    const [initPid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    return new ClusterNode(input, cgroups, child, Number(initPid));
  }

  /** Those that it runs in, as `/proc` names them; none once it has ended. */
  namespaceIds(): string[] {
    return namespacesOf(this.#initPid);
  }

  /** Path of this machine for a path of the node. */
  path(inner: string): string {
    return `/proc/${this.#initPid}/root${inner}`;
  }

  /** The output of a command inside, which must succeed. */
  run(words: readonly string[], options: CommandOptions = {}): Promise<string> {
    const enter = [
      '--target',
      String(this.#initPid),
      '--all',
      '--wd=/',
      '--',
      'env',
      `PATH=${this.#programs}`,
    ];
    return outputOf('nsenter', [...enter, ...words], options);
  }

  async importImages(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const words = ['ctr', '-n', 'k8s.io', 'images', 'import', '--local', `/run/images/${name}`];
      await this.run(words, { deadlineMs: IMPORT_DEADLINE_MS });
    }
  }

  /** Network namespaces of its pods. */
  podNamespaces(): NamespaceReference[] {
    const folder = this.path('/run/netns');
    return readdirSync(folder).map((name) => ({ name: `${this.name} ${name}`, path: join(folder, name) }));
  }

  /** Ends of the logs of its programs and of its pods, for messages. */
  logs(): string {
    const texts = ['etc', 'log/pods'].flatMap((part) => {
      const folder = this.#folder.file(part);
      const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
      return names
        .filter((name) => name.endsWith('.log'))
        .map(
          (name) =>
            `== ${this.name} ${name}\n${readFileSync(join(folder, name), 'utf8').slice(-LOG_TAIL_CHARS)}`,
        );
    });
    return texts.join('\n');
  }

  /** At once, as a machine that loses its power. */
  async stop(): Promise<void> {
    this.#forget();
    if (this.#child.ended === null) process.kill(this.#initPid, 'SIGKILL');
    await this.#child.exited();
    this.#cgroups.remove();
    this.#folder.remove();
  }

  get #programs(): string {
    return `${dirname(kubernetesTool('kubelet'))}:/usr/sbin:/usr/bin:/sbin:/bin`;
  }
}
