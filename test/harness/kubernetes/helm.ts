/** The helm command on our chart, with folders of its own. */
import { fileURLToPath } from 'node:url';
import { kubernetesTool } from '../../support/kubernetes-tools.ts';
import { type CommandResult, runCommand } from '../process/run-command.ts';
import type { TempFolder } from '../process/temp-folder.ts';
import type { KubernetesObject } from './api-client.ts';

export const CHART = fileURLToPath(new URL('../../../helm/manul', import.meta.url));

export class Helm {
  readonly #folder: TempFolder;
  readonly #kubeconfig: string | null;
  #files = 0;

  /** @param kubeconfig null: no cluster is needed */
  constructor(folder: TempFolder, kubeconfig: string | null = null) {
    this.#folder = folder;
    this.#kubeconfig = kubeconfig;
  }

  try(words: readonly string[], values: unknown = {}): Promise<CommandResult> {
    this.#files += 1;
    const path = this.#folder.write(`values-${this.#files}.json`, JSON.stringify(values));
    const takesValues = ['install', 'upgrade', 'template', 'lint'].includes(words[0] ?? '');
    const home = this.#folder.path;
    return runCommand(kubernetesTool('helm'), [...words, ...(takesValues ? ['--values', path] : [])], {
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        XDG_CACHE_HOME: `${home}/cache`,
        KUBECONFIG: this.#kubeconfig ?? '/nonexistent',
      },
      deadlineMs: 180_000,
    });
  }

  /** Its output. @throws Error with what it said when it fails */
  async run(words: readonly string[], values: unknown = {}): Promise<string> {
    const { status, stdout, stderr } = await this.try(words, values);
    if (status !== 0) throw new Error(`helm ${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Words of a command on the release `manul` in `manul-system`. */
  release(command: string, ...words: readonly string[]): string[] {
    const chart = ['install', 'upgrade', 'template'].includes(command) ? [CHART] : [];
    return [command, 'manul', ...chart, '--namespace', 'manul-system', ...words];
  }
}

/** Of a rendered DaemonSet. */
export interface RenderedContainer {
  readonly name: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext: {
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add: readonly string[] };
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly livenessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
}

export function containersOf(daemonSet: KubernetesObject): readonly RenderedContainer[] {
  const { template } = daemonSet['spec'] as { template: { spec: { containers: RenderedContainer[] } } };
  return template.spec.containers;
}
