/** A node of its own for CNI: a network namespace with an agent on it, and the plugin as a runtime calls it. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig } from '../../../../felix-like/agent-api.ts';
import {
  type Agent,
  type CniHost,
  createAgent,
  createCniHost,
  createHostCommands,
  createLinuxKernel,
  createLinuxPodNetwork,
} from '../../../../felix-like/index.ts';
import { cniPrograms } from '../../../../src/image/cni-programs.ts';
import { agentConfig } from '../../support/agent-config.ts';
import { NetworkNamespace } from '../../support/network-namespace.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

export interface PluginResult {
  readonly status: number | null;
  /** What it printed, parsed; null for nothing. */
  readonly output: Readonly<Record<string, unknown>> | null;
}

export interface Call {
  readonly containerId?: string;
  readonly ifName?: string;
  readonly netns?: string;
  /** CNI_ARGS; default: none. */
  readonly args?: string;
  /** Fields of the network configuration over the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
}

const POD_CIDRS = ['10.244.1.0/24', 'fd00:10:244:1::/64'];

export class CniNode {
  readonly namespace = new NetworkNamespace();
  readonly folder = mkdtempSync(join(tmpdir(), 'manul-cni-'));
  readonly logger = new RecordingLogger();
  readonly #pods: NetworkNamespace[] = [];
  #agent: Agent | null = null;
  #host: CniHost | null = null;
  #server: Server | null = null;

  get socketPath(): string {
    return join(this.folder, 'cni.sock');
  }

  get agent(): Agent {
    if (this.#agent === null) throw new Error('the agent is not running');
    return this.#agent;
  }

  /** @param config null: the agent has not read the resources yet */
  async startAgent(config: Partial<AgentConfig> | null = {}): Promise<void> {
    const { path: networkNamespace } = this.namespace;
    const agent = createAgent({
      kernel: createLinuxKernel({ networkNamespace }),
      commands: createHostCommands({ networkNamespace }),
      logger: this.logger,
    });
    const host = createCniHost({
      agent,
      logger: this.logger,
      network: createLinuxPodNetwork({ networkNamespace }),
      paths: {
        programFolder: cniPrograms(),
        binFolder: join(this.folder, 'bin'),
        configFolder: join(this.folder, 'net.d'),
        stateFolder: join(this.folder, 'state'),
        socketPath: this.socketPath,
      },
    });
    await host.start();
    if (config !== null) agent.apply(agentConfig({ workloads: [], podCidrs: POD_CIDRS, ...config }));
    const server = createServer((socket) => host.serve(socket));
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve));
    this.#agent = agent;
    this.#host = host;
    this.#server = server;
  }

  async stopAgent(): Promise<void> {
    const server = this.#server;
    const ended = new Promise<void>((resolve) =>
      server === null ? resolve() : server.close(() => resolve()),
    );
    await this.#host?.close();
    await ended;
    await this.#agent?.close();
    this.#server = null;
    this.#host = null;
    this.#agent = null;
  }

  /** A network namespace for a pod; removed with the node. */
  newPod(): NetworkNamespace {
    const pod = new NetworkNamespace();
    this.#pods.push(pod);
    return pod;
  }

  /** Calls the plugin as a runtime does. @param onStart is given the process, to do harm to it */
  call(command: string, call: Call = {}, onStart: (pid: number) => void = () => {}): Promise<PluginResult> {
    const config = {
      cniVersion: '1.1.0',
      name: 'manul',
      type: 'manul',
      socket: this.socketPath,
      ...call.config,
    };
    const child = spawn(join(cniPrograms(), 'manul'), {
      env: {
        CNI_COMMAND: command,
        CNI_CONTAINERID: call.containerId ?? 'container-1',
        CNI_NETNS: call.netns ?? '',
        CNI_IFNAME: call.ifName ?? 'eth0',
        CNI_ARGS: call.args ?? '',
        CNI_PATH: '/opt/cni/bin',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => {}); // it may be killed before it reads
    child.stdin.end(JSON.stringify(config));
    if (child.pid !== undefined) onStart(child.pid);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => {
        resolve({ status, output: text === '' ? null : (JSON.parse(text) as PluginResult['output']) });
      });
    });
  }

  /** Addresses that host-local holds. */
  takenAddresses(): string[] {
    return filesBelow(join(this.folder, 'state', 'cni', 'addresses', 'manul')).filter(
      (name) => name !== 'lock' && !name.startsWith('last_reserved_ip'),
    );
  }

  /** What the agent remembers. */
  attachments(): { state: string; hostInterface: string; hostIndex: number | null }[] {
    const folder = join(this.folder, 'state', 'cni', 'attachments');
    return filesBelow(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  }

  /** Names of the node's ends of pods. */
  hostInterfaces(): string[] {
    const links = JSON.parse(this.namespace.ip('-j link show')) as { ifname: string }[];
    return links.map(({ ifname }) => ifname).filter((name) => name.startsWith('cali'));
  }

  async remove(): Promise<void> {
    await this.stopAgent();
    for (const pod of this.#pods) pod.remove();
    this.namespace.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function filesBelow(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder);
}
