/** One `manul run` of the demo, and what it answers on its control socket. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PeerStatus, RouteStatus } from '@manul/bgp';
import type { KernelRouteStatus } from '@manul/felix-like';
import { ControlClient } from '../control/control-client.ts';
import type { StatusReport } from '../daemon/status-report.ts';
import { outputOf } from './command.ts';
import { DaemonProcess } from './daemon-process.ts';
import { DemoFailure } from './demo-failure.ts';
import { type Stage, until } from './stage.ts';

const EXECUTABLE = fileURLToPath(new URL('../bin/manul', import.meta.url));

export interface ManulOptions {
  readonly node: string;
  readonly roles: string;
  /** File of resources. */
  readonly config: string;
  /** Where HTTP is served, `ADDRESS:PORT`. */
  readonly http: string;
  /** What goes in front of the command line, to run it elsewhere (`ip netns exec …`). */
  readonly wrapper?: readonly string[];
}

export class ManulDaemon {
  readonly node: string;
  readonly http: string;
  readonly control: string;
  readonly #stage: Stage;
  readonly #client: ControlClient;
  readonly #options: ManulOptions;

  private constructor(stage: Stage, options: ManulOptions) {
    this.node = options.node;
    this.http = options.http;
    this.control = join(stage.folder, `${options.node}.sock`);
    this.#stage = stage;
    this.#options = options;
    this.#client = new ControlClient(this.control);
  }

  /** Resolves once it is ready: resources read and, with the agent, the kernel in order. */
  static async start(stage: Stage, options: ManulOptions): Promise<ManulDaemon> {
    const daemon = new ManulDaemon(stage, options);
    const { node } = options;
    await DaemonProcess.start(stage, node, daemon.#commandLine(EXECUTABLE));
    await until(stage, `${node} is ready`, async () => ((await daemon.#status()).ready ? true : null));
    const [problem] = (await daemon.#status()).datastore.problems;
    if (problem !== undefined) {
      throw new DemoFailure(`${problem.file}:${problem.line}: ${problem.resource} ${problem.text}`);
    }
    return daemon;
  }

  async peers(): Promise<readonly PeerStatus[]> {
    return this.#rows('/api/v1/peers');
  }

  async routes(): Promise<readonly RouteStatus[]> {
    return this.#rows('/api/v1/routes');
  }

  async kernelRoutes(): Promise<readonly KernelRouteStatus[]> {
    return this.#rows('/api/v1/routes?kernel=true');
  }

  /** Shows how it was started. */
  showStart(): void {
    this.#stage.screen.command(this.#commandLine('npx', 'manul'));
  }

  /** Runs a read command of the executable and shows it with all that it prints. */
  async show(...words: readonly string[]): Promise<void> {
    const { screen, signal } = this.#stage;
    const all = [...words, '--control', this.control];
    screen.command(['npx', 'manul', ...all]);
    screen.print(await outputOf([EXECUTABLE, ...all], signal));
  }

  async #status(): Promise<StatusReport> {
    return (await this.#client.get('/api/v1/status')) as StatusReport;
  }

  #commandLine(...executable: readonly string[]): string[] {
    const { node, roles, config, http, wrapper = [] } = this.#options;
    const words = ['run', '--config', config, '--node', node, '--roles', roles];
    return [...wrapper, ...executable, ...words, '--http', http, '--control', this.control];
  }

  async #rows<Row>(target: string): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for await (const batch of await this.#client.rows(target)) rows.push(...(batch as readonly Row[]));
    return rows;
  }
}
