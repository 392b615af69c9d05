/**
 * A private network: one namespace whose loopback carries routable-looking addresses. For daemons that refuse
 * 127.0.0.0/8 as next hop, and for suites that must not share ports with anyone.
 */
import { spawnSync } from 'node:child_process';
import { atExit } from './at-exit.ts';

let made = 0;

/** Where commands can be run: a namespace of ours, or one that somebody else made. */
export interface NamespaceReference {
  /** For messages. */
  readonly name: string;
  /** A file that stands for it. */
  readonly path: string;
}

export class NetworkNamespace implements NamespaceReference {
  readonly name: string;
  readonly #forget: () => void;

  /** @param addresses with prefix length, put on its loopback; needs root. */
  constructor(purpose: string, addresses: readonly string[]) {
    made += 1;
    this.name = `manul-${purpose}-${process.pid}-${made}`;
    run(['netns', 'add', this.name]);
    this.#forget = atExit(() => this.remove());
    run(['-n', this.name, 'link', 'set', 'lo', 'up']);
    for (const address of addresses) run(['-n', this.name, 'address', 'add', address, 'dev', 'lo', 'nodad']);
  }

  /** A wire to another namespace: an interface `name` in both, with nothing but the two link-local addresses. */
  connect(other: NetworkNamespace, name: string, address: string, otherAddress: string): void {
    const far = ['peer', 'name', name, 'netns', other.name];
    run(['-n', this.name, 'link', 'add', name, 'type', 'veth', ...far]);
    for (const [end, local] of [
      [this.name, address],
      [other.name, otherAddress],
    ] as const) {
      run(['-n', end, 'link', 'set', name, 'addrgenmode', 'none']);
      run(['-n', end, 'link', 'set', name, 'up']);
      run(['-n', end, 'address', 'add', `${local}/64`, 'dev', name, 'nodad']);
    }
  }

  get path(): string {
    return `/run/netns/${this.name}`;
  }

  remove(): void {
    this.#forget();
    run(['netns', 'delete', this.name]);
  }
}

/** The command line that runs `command` inside the namespace, as the same process; unchanged for null. */
export function inNamespace(
  namespace: NamespaceReference | null | undefined,
  command: string,
  args: readonly string[],
): { command: string; args: string[] } {
  if (namespace === null || namespace === undefined) return { command, args: [...args] };
  return { command: 'nsenter', args: [`--net=${namespace.path}`, '--', command, ...args] };
}

function run(args: readonly string[]): void {
  const result = spawnSync('ip', [...args], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`ip ${args.join(' ')}: ${result.stderr.trim()}`);
}
