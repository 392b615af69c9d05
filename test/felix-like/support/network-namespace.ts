/** A network namespace of a test's own, with the tools that others use on it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { findCommand } from '../../support/requirements.ts';

let count = 0;

export class NetworkNamespace {
  readonly name = `manul-test-${process.pid}-${++count}`;
  readonly path = `/run/netns/${this.name}`;

  constructor() {
    this.#run(['netns', 'add', this.name]);
    this.ip('link set lo up');
  }

  /** `ip` inside the namespace; arguments separated by spaces. @throws Error with what it printed */
  ip(command: string): string {
    return this.#run(['-n', this.name, ...command.split(' ')]);
  }

  /** `bridge` inside the namespace, as `ip`. */
  bridge(command: string): string {
    return execFileSync(BRIDGE, ['-n', this.name, ...command.split(' ')], { encoding: 'utf8' });
  }

  /** Many commands for one `ip` process. */
  ipBatch(commands: readonly string[]): void {
    execFileSync(IP, ['-n', this.name, '-batch', '-'], { input: `${commands.join('\n')}\n` });
  }

  /** A veth pair, both ends up; the far end is called `<name>p`. @returns the index of the near end */
  addLink(name: string): number {
    this.ip(`link add ${name} type veth peer name ${name}p`);
    this.ip(`link set ${name}p up`);
    this.ip(`link set ${name} up`);
    return this.linkIndex(name);
  }

  linkIndex(name: string): number {
    const [link] = JSON.parse(this.ip(`-j link show dev ${name}`)) as { ifindex: number }[];
    return link!.ifindex;
  }

  linkName(index: number): string {
    const links = JSON.parse(this.ip('-j link show')) as { ifindex: number; ifname: string }[];
    return links.find(({ ifindex }) => ifindex === index)?.ifname ?? `if${index}`;
  }

  /** Lines of `ip route show`, without trailing spaces. */
  routes(family: 'ipv4' | 'ipv6' = 'ipv4', selector = ''): string[] {
    const command = `${family === 'ipv4' ? '-4' : '-6'} route show ${selector}`.trim();
    return this.ip(command)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }

  /** The value of a parameter, by its path below /proc/sys. */
  sysctl(key: string): string {
    return execFileSync(IP, ['netns', 'exec', this.name, 'cat', `/proc/sys/${key}`], {
      encoding: 'utf8',
    }).trim();
  }

  setSysctl(key: string, value: string): void {
    const script = `echo ${value} > /proc/sys/${key}`;
    execFileSync(IP, ['netns', 'exec', this.name, 'sh', '-c', script]);
  }

  /** What a command inside the namespace prints, whatever its status. */
  exec(command: string): string {
    return spawnSync(IP, ['netns', 'exec', this.name, ...command.split(' ')], { encoding: 'utf8' }).stdout;
  }

  remove(): void {
    this.#run(['netns', 'del', this.name]);
  }

  #run(args: readonly string[]): string {
    return execFileSync(IP, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

const IP = findCommand('ip') ?? 'ip';
const BRIDGE = findCommand('bridge') ?? 'bridge';
