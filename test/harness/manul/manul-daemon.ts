/** Our own daemon as users run it: the executable, a folder of resources, its control socket, its commands. */
import { rmSync } from 'node:fs';
import { get, type RequestOptions } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Family } from '../bgp/prefix-text.ts';
import { pollUntil } from '../deadline.ts';
import { ChildDaemon } from '../process/child-daemon.ts';
import { freePort } from '../process/free-port.ts';
import type { NetworkNamespace } from '../process/network-namespace.ts';
import { type CommandResult, runCommand } from '../process/run-command.ts';
import { TempFolder } from '../process/temp-folder.ts';
import { inPodView, type PodView } from './pod-view.ts';

export const MANUL = fileURLToPath(new URL('../../../src/bin/manul', import.meta.url));

/** Half a second on an idle machine; several that start together on a busy one have needed half a minute. */
const START_DEADLINE_MS = 90_000;

export interface ManulOptions {
  readonly node: string;
  /** YAML by file name, all in the one folder that it watches. */
  readonly files: Readonly<Record<string, string>>;
  /** The cluster is the datastore, and `files` are not read: the path of a kubeconfig, or what a pod sees. */
  readonly cluster?: string | PodView;
  /** Default `speaker`. */
  readonly roles?: string;
  readonly namespace?: NetworkNamespace | null;
  /** A command that runs it, with its arguments: `prlimit --nofile=256`. */
  readonly wrapper?: readonly string[];
  /** Further arguments of `manul run`. */
  readonly arguments?: readonly string[];
}

/** What tests read of `manul peers -o json`. */
export interface ShownPeer {
  readonly name: string;
  readonly kind: string;
  readonly address: string;
  readonly asn: number;
  readonly state: string;
  readonly uptimeSeconds: number;
  readonly received: Readonly<Partial<Record<Family, number>>>;
  readonly accepted: Readonly<Partial<Record<Family, number>>>;
  readonly advertised: Readonly<Partial<Record<Family, number>>>;
  readonly flaps: number;
  readonly lastError: ShownError | null;
}

export interface ShownError {
  readonly direction: string;
  readonly code: number;
  readonly subcode: number;
  readonly text: string;
}

export interface ShownCapability {
  readonly code: number;
  readonly name: string;
  readonly value: string;
}

type MessageKind = 'open' | 'update' | 'notification' | 'keepalive' | 'routeRefresh';

/** What tests read of `manul peers NAME -o json`. */
export interface ShownPeerDetail extends ShownPeer {
  readonly held: string | null;
  readonly likelyCause: string | null;
  readonly lastSent: ShownError | null;
  readonly lastReceived: ShownError | null;
  readonly messages: Readonly<Record<'sent' | 'received', Readonly<Record<MessageKind, number>>>>;
  readonly bytes: Readonly<Record<'sent' | 'received', number>>;
  readonly capabilities: Readonly<Record<'sent' | 'received', readonly ShownCapability[]>>;
  readonly treatedAsWithdraw: number;
  readonly attributesDiscarded: number;
  readonly outputQueueBytes: number;
}

/** What tests read of `manul routes -o json`. */
export interface ShownRoute {
  readonly prefix: string;
  readonly nextHop: string;
  readonly best: boolean;
  readonly peer: string;
  readonly asPath: readonly (number | readonly number[])[];
  readonly originatorId: string | null;
  readonly clusterList: readonly string[];
}

export class ManulDaemon {
  readonly name = 'manul';
  readonly httpPort: number;
  readonly #folder: TempFolder;
  readonly #options: ManulOptions;
  #child: ChildDaemon;

  private constructor(child: ChildDaemon, folder: TempFolder, options: ManulOptions, httpPort: number) {
    this.#child = child;
    this.#folder = folder;
    this.#options = options;
    this.httpPort = httpPort;
  }

  /** Resolves when the daemon answers its commands and has applied its resources. */
  static async start(options: ManulOptions): Promise<ManulDaemon> {
    const folder = new TempFolder('daemon');
    for (const [name, text] of Object.entries(options.files)) folder.write(name, text);
    const httpPort = await freePort('127.0.0.1');
    const child = await launch(options, folder, httpPort);
    const daemon = new ManulDaemon(child, folder, options, httpPort);
    try {
      await daemon.#ready();
    } catch (error) {
      await daemon.stop();
      throw error;
    }
    return daemon;
  }

  get node(): string {
    return this.#options.node;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The folder of resources that it watches. */
  get folder(): string {
    return this.#folder.path;
  }

  get controlPath(): string {
    return this.#folder.file('control.sock');
  }

  /** Writes or replaces a resource file; the daemon notices by itself. */
  writeFile(name: string, text: string): void {
    this.#folder.write(name, text);
  }

  removeFile(name: string): void {
    rmSync(this.#folder.file(name));
  }

  /** Runs one of its commands against this daemon, whatever the outcome. */
  run(...words: readonly string[]): Promise<CommandResult> {
    return runCommand(MANUL, [...words, '--control', this.controlPath]);
  }

  /** The result of a read command. @throws Error with what it said when it fails. */
  async read<T>(...words: readonly string[]): Promise<T> {
    const result = await this.run(...words, '-o', 'json');
    if (result.status !== 0) throw new Error(`manul ${words.join(' ')}: ${result.stderr.trim()}`);
    return JSON.parse(result.stdout) as T;
  }

  peers(): Promise<readonly ShownPeer[]> {
    return this.read<readonly ShownPeer[]>('peers');
  }

  peer(name: string): Promise<ShownPeerDetail> {
    return this.read<ShownPeerDetail>('peers', name);
  }

  routes(...words: readonly string[]): Promise<readonly ShownRoute[]> {
    return this.read<readonly ShownRoute[]>('routes', ...words);
  }

  /**
   * Waits until `manul peers` shows what `check` wants of the peer with this address. The control socket is asked
   * until it says so, and then the command: a process for each look would take the processor from who is waited for.
   */
  untilPeer(
    address: string,
    check: (peer: ShownPeer) => boolean,
    what: string,
    deadlineMs?: number,
  ): Promise<ShownPeer> {
    const isIt = (peer: ShownPeer): boolean => peer.address === address && check(peer);
    const shown = async (): Promise<ShownPeer | undefined> => {
      const listed = JSON.parse(await this.controlGet('/api/v1/peers')) as readonly ShownPeer[];
      return listed.some(isIt) ? (await this.peers()).find(isIt) : undefined;
    };
    return pollUntil(
      shown,
      `manul peers shows ${address} ${what}`,
      deadlineMs === undefined ? {} : { deadlineMs },
    );
  }

  /** The same for the best route to `prefix`; what the command then prints is returned. */
  untilRoute(prefix: string, deadlineMs?: number): Promise<ShownRoute> {
    const path = `/api/v1/routes?prefix=${encodeURIComponent(prefix)}`;
    const best = (routes: readonly ShownRoute[]) => routes.find((route) => route.best);
    const shown = async (): Promise<ShownRoute | undefined> =>
      best(JSON.parse(await this.controlGet(path)) as readonly ShownRoute[]) === undefined
        ? undefined
        : best(await this.routes(prefix));
    return pollUntil(shown, `manul routes shows ${prefix}`, deadlineMs === undefined ? {} : { deadlineMs });
  }

  /** The same for everything that is known about one peer, by name. */
  untilDetail(
    name: string,
    check: (peer: ShownPeerDetail) => boolean,
    what: string,
    deadlineMs?: number,
  ): Promise<ShownPeerDetail> {
    const path = `/api/v1/peers/${encodeURIComponent(name)}`;
    const shown = async (): Promise<ShownPeerDetail | null> => {
      if (!check(JSON.parse(await this.controlGet(path)) as ShownPeerDetail)) return null;
      const peer = await this.peer(name);
      return check(peer) ? peer : null;
    };
    return pollUntil(
      shown,
      `manul peers ${name} shows ${what}`,
      deadlineMs === undefined ? {} : { deadlineMs },
    );
  }

  /** Body of `path` on its control socket, from whichever network namespace. @throws Error for a status other than 200. */
  controlGet(path: string): Promise<string> {
    return getBody({ socketPath: this.controlPath, path });
  }

  /** Body of `path` on its HTTP port; only where it shares our network namespace. @throws Error for a status other than 200. */
  httpGet(path: string): Promise<string> {
    return getBody({ host: '127.0.0.1', port: this.httpPort, path });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.signal(signal);
  }

  exited(): Promise<number | string> {
    return this.#child.exited();
  }

  /** Starts the process again after it ended, on the same files and sockets. */
  async startAgain(): Promise<void> {
    await this.exited();
    this.#child = await launch(this.#options, this.#folder, this.httpPort);
    await this.#ready();
  }

  log(): string {
    return this.#child.output;
  }

  async stop(): Promise<void> {
    this.#child.signal('SIGCONT');
    await this.#child.stop();
    this.#folder.remove();
  }

  async #ready(): Promise<void> {
    const isRunning = (output: string): true | null => output.includes('manul is running') || null;
    await this.#child.until(isRunning, 'is running', START_DEADLINE_MS);
    await pollUntil(
      async () => {
        this.#child.assertRunning();
        return (await this.controlGet('/api/v1/status')) !== '' || null;
      },
      'manul answers its commands',
      { deadlineMs: START_DEADLINE_MS },
    );
  }
}

function launch(options: ManulOptions, folder: TempFolder, httpPort: number): Promise<ChildDaemon> {
  const { node, cluster, roles = 'speaker', namespace = null } = options;
  const args = [
    ...['run', '--node', node, '--roles', roles],
    ...(cluster === undefined ? ['--config', folder.path] : ['--datastore', 'kubernetes']),
    ...(typeof cluster === 'string' ? ['--kubeconfig', cluster] : []),
    ...['--http', `127.0.0.1:${httpPort}`, '--control', folder.file('control.sock')],
    ...(options.arguments ?? []),
  ];
  if (typeof cluster !== 'object') {
    const [command = MANUL, ...words] = [...(options.wrapper ?? []), MANUL, ...args];
    return ChildDaemon.start(`manul ${node}`, command, words, { namespace });
  }
  const inside = inPodView(cluster, MANUL, args);
  return ChildDaemon.start(`manul ${node}`, inside.command, inside.args, { namespace, env: inside.env });
}

function getBody(options: RequestOptions): Promise<string> {
  return new Promise((resolveBody, reject) => {
    // A connection of its own: one that is kept may be closed by the daemon in the moment that it is used again.
    get({ ...options, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolveBody(body);
        else reject(new Error(`GET ${options.path}: status ${response.statusCode}`));
      });
    }).once('error', reject);
  });
}
