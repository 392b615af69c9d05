/** `manul cleanup` in a network namespace with things of ours and of others, and folders of its own. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runIn } from '../felix-like/support/child-in-namespace.ts';
import { NetworkNamespace } from '../felix-like/support/network-namespace.ts';
import { describeWith } from '../support/requirements.ts';
import { runDaemon } from './support/run-daemon.ts';

jest.setTimeout(60_000);

const MAIN = resolve('src/main.ts');

describeWith({ root: true, commands: ['ip', 'nft', 'nsenter', 'iptables-nft'] }, 'manul cleanup', () => {
  let namespace: NetworkNamespace;
  let folder: string;

  beforeEach(() => {
    namespace = new NetworkNamespace();
    folder = mkdtempSync(join(tmpdir(), 'manul-cleanup-'));
  });

  afterEach(() => {
    namespace.remove();
    rmSync(folder, { recursive: true });
  });

  function cleanup(...args: readonly string[]) {
    const folders = ['bin', 'net.d', 'state'].map((name) => join(folder, name));
    const flags = ['--cni-bin-dir', '--cni-conf-dir', '--state-dir'].flatMap((flag, i) => [
      flag,
      folders[i]!,
    ]);
    const control = ['--control', join(folder, 'control.sock')];
    const words = [
      `--net=${namespace.path}`,
      process.execPath,
      MAIN,
      'cleanup',
      ...flags,
      ...control,
      ...args,
    ];
    const { status, stdout, stderr } = spawnSync('nsenter', words, { encoding: 'utf8' });
    return { status, stdout, stderr };
  }

  /** What an agent leaves, and beside each thing one like it that is somebody else's. */
  function populate(): void {
    namespace.addLink('eth0');
    namespace.addLink('cali1');
    namespace.ip('addr add 10.0.0.1/24 dev eth0');
    namespace.ip('route add blackhole 10.244.1.0/26 proto 80 metric 1024');
    namespace.ip('route add 10.244.1.5 dev cali1 proto 80 scope link metric 1024');
    namespace.ip('route add 10.244.2.0/26 via 10.0.0.2 proto 80 metric 1024');
    namespace.ip('-6 route add blackhole fd00:10::/64 proto 80 metric 1024');
    namespace.ip('route add 10.99.0.0/16 via 10.0.0.3 proto bird');
    namespace.ip('route add 10.98.0.0/16 via 10.0.0.3 proto 80 table 100');
    namespace.ip('link add vxlan.calico type vxlan id 4096 dstport 4789 dev eth0');
    namespace.ip('link add vxlan7 type vxlan id 7 dstport 4790 dev eth0');
    runIn(namespace, 'nft', 'add table inet manul; add chain inet manul nat_postrouting');
    runIn(namespace, 'nft', 'add table ip theirs; add chain ip theirs c');
    runIn(namespace, 'iptables-nft', '-P', 'FORWARD', 'DROP');
    runIn(namespace, 'iptables-nft', '-A', 'FORWARD', '-i', 'docker0', '-j', 'ACCEPT');
    runIn(
      namespace,
      'nft',
      'insert rule ip filter FORWARD iifname "cali*" counter accept comment "manul: from workloads cali+"',
    );
    for (const name of ['bin', 'net.d', 'state/cni']) mkdirSync(join(folder, name), { recursive: true });
    for (const name of [
      'bin/manul',
      'bin/host-local',
      'net.d/10-manul.conflist',
      'net.d/87-other.conflist',
      'state/cni/x',
    ]) {
      writeFileSync(join(folder, name), 'x');
    }
  }

  test('removes everything of ours, says what, and leaves what is of others', () => {
    populate();
    const { status, stdout, stderr } = cleanup('-o', 'json');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const items = JSON.parse(stdout) as { kind: string; object: string; error: string | null }[];
    expect(items.every(({ error }) => error === null)).toBe(true);
    expect(items.map(({ kind, object }) => `${kind} ${object.replace(folder, '')}`)).toEqual([
      'file /net.d/10-manul.conflist',
      'file /bin/manul',
      'file /state/cni',
      'nftables table inet manul',
      'forwardRule 1 rules in ip filter FORWARD',
      'route 10.244.1.0/26 metric 1024',
      'route 10.244.1.5/32 metric 1024',
      'route 10.244.2.0/26 metric 1024',
      'route fd00:10::/64 metric 1024',
      'link vxlan.calico',
    ]);
    expect(namespace.routes('ipv4', 'proto 80')).toEqual([]);
    expect(namespace.routes('ipv4', 'proto bird')).toHaveLength(1);
    expect(namespace.routes('ipv4', 'table 100')).toHaveLength(1);
    expect(namespace.ip('-br link show type vxlan')).toMatch(/^vxlan7 /);
    expect(namespace.ip('-br addr show dev eth0')).toContain('10.0.0.1/24');
    expect(namespace.ip('-br link show dev cali1')).toContain('cali1');
    expect(
      runIn(namespace, 'nft', 'list', 'tables')
        .split('\n')
        .filter((line) => line !== '')
        .sort(),
    ).toEqual(['table ip filter', 'table ip theirs']);
    expect(runIn(namespace, 'iptables-nft', '-S', 'FORWARD')).toBe(
      '-P FORWARD DROP\n-A FORWARD -i docker0 -j ACCEPT\n',
    );
    expect(existsSync(join(folder, 'bin/host-local'))).toBe(true);
    expect(existsSync(join(folder, 'net.d/87-other.conflist'))).toBe(true);
  });

  test('says so where there is nothing of ours', () => {
    expect(cleanup()).toEqual({ status: 0, stdout: 'Nothing of ours is on this node.\n', stderr: '' });
  });

  test('removes routes of another protocol number when that is ours, and a shared one only over workload interfaces', () => {
    populate();
    namespace.ip('route add 10.244.1.6 dev cali1 proto boot');
    namespace.ip('route add 10.97.0.0/16 via 10.0.0.3 proto boot');
    const { stdout } = cleanup('--route-protocol', '3');
    expect(stdout).toContain('route         10.244.1.6/32 metric 0');
    expect(stdout).not.toContain('10.97.0.0/16');
    expect(namespace.routes('ipv4', 'proto 80')).toHaveLength(3);
  });

  test.each([
    ['--route-protocol', '256'],
    ['--route-protocol', 'x'],
  ])('%s %s is wrong usage', (...args) => {
    expect(cleanup(...args)).toMatchObject({ status: 2, stdout: '' });
  });

  test('refuses while a daemon runs, unless it is forced', async () => {
    populate();
    const { daemon, options } = await runDaemon(folder);
    try {
      const control = ['--control', options.controlPath];
      const words = [`--net=${namespace.path}`, process.execPath, MAIN, 'cleanup', ...control];
      const refused = await new Promise<{ status: number | null; stderr: string }>((done) => {
        const child = execFile('nsenter', words, (_error, _stdout, stderr) =>
          done({ status: child.exitCode, stderr }),
        );
      });
      expect(refused).toEqual({
        status: 1,
        stderr: `manul: a daemon runs at ${options.controlPath} and would put everything back: stop it first, or use --force\n`,
      });
      expect(namespace.routes('ipv4', 'proto 80')).toHaveLength(3);
    } finally {
      await daemon.close();
    }
    expect(cleanup('--force').status).toBe(0);
    expect(namespace.routes('ipv4', 'proto 80')).toEqual([]);
  });
});
