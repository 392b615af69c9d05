/** etcd with one member, and what tests do to its data. */
import { rmSync } from 'node:fs';
import { kubernetesTool } from '../../support/kubernetes-tools.ts';
import { freePort } from '../process/free-port.ts';
import { Restartable } from './restartable.ts';

const ADDRESS = '127.0.0.1';

export class Etcd {
  readonly url: string;
  readonly process: Restartable;
  readonly #dataFolder: string;

  private constructor(url: string, dataFolder: string, process: Restartable) {
    this.url = url;
    this.#dataFolder = dataFolder;
    this.process = process;
  }

  static async start(dataFolder: string): Promise<Etcd> {
    const url = `http://${ADDRESS}:${await freePort(ADDRESS)}`;
    const peerUrl = `http://${ADDRESS}:${await freePort(ADDRESS)}`;
    const process = new Restartable(
      {
        name: 'etcd',
        command: kubernetesTool('etcd'),
        ready: async () => (await fetch(`${url}/health`)).ok,
      },
      [
        ...['--data-dir', dataFolder, '--unsafe-no-fsync', '--log-level', 'warn'],
        ...['--listen-client-urls', url, '--advertise-client-urls', url],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', `default=${peerUrl}`],
      ],
    );
    await process.start();
    return new Etcd(url, dataFolder, process);
  }

  /** Forgets all history up to now, so that older resourceVersions are gone. */
  async compact(): Promise<void> {
    const now = (await this.#ask('range', { key: 'AA==' })) as { header: { revision: string } };
    await this.#ask('compaction', { revision: now.header.revision, physical: true });
  }

  /** Starts again without any data, as after a restore from an empty backup: revisions begin anew. */
  async restartEmpty(): Promise<void> {
    await this.process.stop();
    rmSync(this.#dataFolder, { recursive: true, force: true });
    await this.process.start();
  }

  async #ask(call: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/v3/kv/${call}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd ${call}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}
