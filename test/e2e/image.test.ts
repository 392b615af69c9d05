/** The image as users build it: what is in it, and that it runs, unpacked, with nothing of this machine around it. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChildDaemon } from '../harness/process/child-daemon.ts';
import { outputOf, runCommand } from '../harness/process/run-command.ts';
import { TempFolder } from '../harness/process/temp-folder.ts';
import { describeWith } from '../support/requirements.ts';

jest.setTimeout(900_000);

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const BUILD_DEADLINE_MS = 600_000;
const HOME = 'opt/manul';
const USER = '65532:65532';
const ENVIRONMENT = {
  PATH: '/opt/manul/src/bin:/usr/sbin:/usr/bin',
  NODE_ENV: 'production',
  MALLOC_ARENA_MAX: '1',
};
/** What the command `manul` ends in. */
const ENTRYPOINT = [
  '/opt/manul/node_modules/node/bin/node',
  '--max-semi-space-size=1',
  '--no-parallel-scavenge',
  '--no-maglev-destroy-on-background',
  '/opt/manul/src/main.ts',
];

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

describeWith(
  { root: true, commands: ['apt-get', 'dpkg-deb', 'go', 'strip', 'tar', 'chroot'] },
  'the image',
  () => {
    let folder: TempFolder;
    let root: string;
    let config: Readonly<Record<string, unknown>>;
    let digest: string;

    beforeAll(async () => {
      folder = new TempFolder('image');
      digest = await build('image.tar');
      root = folder.file('root');
      const layout = folder.file('layout');
      for (const path of [root, layout]) mkdirSync(path);
      await outputOf('tar', ['-xf', folder.file('image.tar'), '-C', layout]);
      config = await unpack(layout);
    });

    afterAll(() => folder.remove());

    async function build(name: string): Promise<string> {
      const words = ['--silent', 'run', 'image', '--', '--output', folder.file(name), '--tag', 'manul:test'];
      const output = await outputOf('npm', words, { cwd: REPOSITORY, deadlineMs: BUILD_DEADLINE_MS });
      return /sha256:[0-9a-f]{64}$/m.exec(output)![0];
    }

    /** Unpacks all layers below `root`, checking each digest. */
    async function unpack(layout: string): Promise<Readonly<Record<string, unknown>>> {
      const blob = (descriptor: Descriptor): { path: string; bytes: Buffer } => {
        const path = join(layout, 'blobs', descriptor.digest.replace(':', '/'));
        const bytes = readFileSync(path);
        expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(descriptor.digest);
        expect(bytes.length).toBe(descriptor.size);
        return { path, bytes };
      };
      const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
        manifests: Descriptor[];
      };
      expect(index.manifests.map((manifest) => manifest.digest)).toEqual([digest]);
      const manifest = JSON.parse(blob(index.manifests[0]!).bytes.toString()) as {
        config: Descriptor;
        layers: Descriptor[];
      };
      for (const layer of manifest.layers) await outputOf('tar', ['-xzf', blob(layer).path, '-C', root]);
      return (JSON.parse(blob(manifest.config).bytes.toString()) as { config: Record<string, unknown> })
        .config;
    }

    function inside(user: string, ...words: readonly string[]): Promise<string> {
      return outputOf('chroot', [`--userspec=${user}`, root, ...words], { env: ENVIRONMENT });
    }

    test('runs manul, as nobody in particular', async () => {
      expect(config).toMatchObject({
        User: USER,
        Entrypoint: ENTRYPOINT,
        Env: Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`),
      });
      const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
        version: string;
      };
      expect(await inside(USER, 'manul', '--version')).toBe(`${manifest.version}\n`);
      expect(await inside(USER, ...ENTRYPOINT, '--version')).toBe(`${manifest.version}\n`);
    });

    test('has the programs that the agent calls', async () => {
      expect(await inside('0:0', 'nft', '--version')).toMatch(/^nftables v/);
      expect(await inside('0:0', 'iptables-legacy', '--version')).toMatch(/^iptables v.*\(legacy\)/);
      expect(readdirSync(join(root, HOME, 'cni')).sort()).toEqual([
        'host-local',
        'loopback',
        'manul',
        'portmap',
      ]);
      const plugin = await runCommand('chroot', [root, '/opt/manul/cni/manul'], {
        env: { ...ENVIRONMENT, CNI_COMMAND: 'VERSION' },
        input: '{"cniVersion":"1.1.0"}',
      });
      expect(JSON.parse(plugin.stdout)).toMatchObject({ cniVersion: '1.1.0' });
    });

    test('holds packages for production only, no types, and no sources for developers', () => {
      const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
        packages: Record<string, { dev?: boolean }>;
      };
      const production = Object.entries(lock.packages).flatMap(([path, { dev }]) => (dev ? [] : [path]));
      const modules = join(root, HOME, 'node_modules');
      const found = packagesIn(modules).filter((name) => name !== 'node' && !name.startsWith('@manul/'));
      expect(found).toContain('pino');
      expect(found.filter((name) => !production.includes(`node_modules/${name}`))).toEqual([]);
      expect(found.filter((name) => name.startsWith('@types/'))).toEqual([]);
      const files = readdirSync(modules, { recursive: true, encoding: 'utf8' });
      const notRun = files.filter((name) => /\.[cm]?ts$|\.map$/.test(name) && !name.startsWith('@manul/'));
      expect(notRun).toEqual([]);
      const sources = readdirSync(join(root, HOME), { encoding: 'utf8' });
      expect(sources.sort()).toEqual([
        ...['LICENSE', 'bgp', 'cni', 'config', 'felix-like', 'node_modules', 'package.json', 'src'],
      ]);
      expect(readdirSync(join(root, HOME, 'src'))).not.toContain('demo');
    });

    test.each([
      ['speaker', USER],
      ['agent', '0:0'],
      ['speaker,agent', '0:0'],
    ])('runs the daemon with the roles %s', async (roles, user) => {
      writeFileSync(join(root, 'tmp/node.yaml'), NODE);
      const flags = ['--config', '/tmp/node.yaml', '--node', 'rr-1', '--http', 'off'];
      const script = `mount -t proc proc "$0/proc" && mount -t devtmpfs dev "$0/dev" && exec chroot --userspec=${user} "$0" "$@"`;
      const daemon = await ChildDaemon.start(
        'manul in the image',
        'unshare',
        [
          ...['--net', '--mount', 'sh', '-c', script, root, 'manul', 'run', ...flags, '--roles', roles],
          ...['--control', `/tmp/${user.split(':')[0]}/control.sock`],
        ],
        { env: ENVIRONMENT },
      );
      try {
        await daemon.until((output) => output.includes('manul is running') || null, 'runs');
      } finally {
        await daemon.stop();
      }
      expect(daemon.ended).toBe(0);
    });

    test('is the same, octet for octet, when it is built again', async () => {
      expect(await build('again.tar')).toBe(digest);
      expect((await runCommand('cmp', [folder.file('image.tar'), folder.file('again.tar')])).status).toBe(0);
    });
  },
);

const NODE = `apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: 64512, listenPort: 1790, nodeToNodeMeshEnabled: false}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: rr-1}
spec: {bgp: {ipv4Address: 192.0.2.1/32}}
`;

/** Names of the packages at the top of a node_modules folder. */
function packagesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith('.')) return [];
    return name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name];
  });
}
