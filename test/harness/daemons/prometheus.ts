/** Prometheus, of Debian's package: scrapes, and answers queries. That package cannot ask an API server for its targets. */
import { ChildDaemon } from '../process/child-daemon.ts';
import type { NetworkNamespace } from '../process/network-namespace.ts';
import { outputOf } from '../process/run-command.ts';
import { TempFolder } from '../process/temp-folder.ts';

const LISTENS = '127.0.0.1:9090';
const START_DEADLINE_MS = 60_000;

export const PROMETHEUS_COMMANDS = ['prometheus', 'promtool'];

export class Prometheus {
  readonly #child: ChildDaemon;
  readonly #folder: TempFolder;
  readonly #namespace: NetworkNamespace;

  private constructor(child: ChildDaemon, folder: TempFolder, namespace: NetworkNamespace) {
    this.#child = child;
    this.#folder = folder;
    this.#namespace = namespace;
  }

  /** @param targets `address:port`, each scraped every second */
  static async start(namespace: NetworkNamespace, targets: readonly string[]): Promise<Prometheus> {
    const folder = new TempFolder('prometheus');
    const config = {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'manul', static_configs: [{ targets }] }],
    };
    const words = [
      `--config.file=${folder.write('prometheus.yml', JSON.stringify(config))}`,
      ...[`--storage.tsdb.path=${folder.file('data')}`, `--web.listen-address=${LISTENS}`],
    ];
    const child = await ChildDaemon.start('prometheus', 'prometheus', words, { namespace });
    const prometheus = new Prometheus(child, folder, namespace);
    try {
      await child.until((said) => said.includes('Server is ready') || null, 'is ready', START_DEADLINE_MS);
    } catch (error) {
      await prometheus.stop();
      throw error;
    }
    return prometheus;
  }

  /** Values by label set, such as `{instance="10.0.0.1:9179"}`. */
  async query(expression: string): Promise<ReadonlyMap<string, number>> {
    const words = ['query', 'instant', `http://${LISTENS}`, expression];
    const lines = (await outputOf('promtool', words, { namespace: this.#namespace })).trim().split('\n');
    return new Map(
      lines.flatMap((line) => {
        const [, labels = '', value = ''] = /^(.*) => (\S+) @\[[\d.]+\]$/.exec(line) ?? [];
        return value === '' ? [] : [[labels.trim(), Number(value)] as const];
      }),
    );
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    this.#folder.remove();
  }
}
