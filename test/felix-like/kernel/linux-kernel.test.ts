import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import type {
  KernelListener,
  KernelPort,
  KernelRoute,
  SysctlSetting,
} from '../../../felix-like/kernel/kernel-port.ts';
import { createLinuxKernel } from '../../../felix-like/kernel/linux-kernel.ts';
import { kernelContract } from '../../contract/kernel-contract.ts';
import { describeWith, findCommand } from '../../support/requirements.ts';
import { NetworkNamespace } from '../support/network-namespace.ts';
import { blackholeRoute, linkRoute } from '../support/routes.ts';
import { until } from '../support/until.ts';

jest.setTimeout(60_000);

const SILENT: KernelListener = { onEvents: () => {}, onEventsLost: () => {}, onBroken: () => {} };

/** The arguments of `ip route` for a route with at most one next hop. */
function routeArguments(namespace: NetworkNamespace, { prefix, metric, target }: KernelRoute): string {
  const [hop] = target.nextHops;
  const via = hop?.gateway ? `via ${hop.gateway} ` : '';
  const device = hop?.interfaceIndex ? `dev ${namespace.linkName(hop.interfaceIndex)} ` : '';
  const type = target.type === 'unicast' ? '' : `${target.type} `;
  return `${type}${prefix} ${via}${device}proto ${target.protocol} metric ${metric}`;
}

describeWith(
  { root: true, commands: ['ip', 'nft', 'nsenter', 'setpriv', 'unshare', 'ethtool'] },
  'the kernel of this machine',
  () => {
    kernelContract(async () => {
      const namespace = new NetworkNamespace();
      return {
        kernel: createLinuxKernel({ networkNamespace: namespace.path }),
        addLink: (name) => namespace.addLink(name),
        setLinkUp: (name, isUp) => void namespace.ip(`link set ${name} ${isUp ? 'up' : 'down'}`),
        removeLink: (name) => void namespace.ip(`link del ${name}`),
        addAddress: (name, prefix) => {
          namespace.ip(`addr add ${prefix} dev ${name}${prefix.includes(':') ? ' nodad' : ''}`);
        },
        removeAddress: (name, prefix) => void namespace.ip(`addr del ${prefix} dev ${name}`),
        putRoute: (route) => void namespace.ip(`route replace ${routeArguments(namespace, route)}`),
        deleteRoute: (route) => void namespace.ip(`route del ${routeArguments(namespace, route)}`),
        close: async () => namespace.remove(),
      };
    });

    describe('beyond the contract', () => {
      let namespace: NetworkNamespace;
      let kernel: KernelPort;

      function deleteWhenThere(command: string): void {
        const deadlineMs = Date.now() + 30_000;
        for (;;) {
          try {
            namespace.ip(command);
            return;
          } catch (error) {
            if (Date.now() > deadlineMs) throw error;
          }
        }
      }

      beforeEach(() => {
        namespace = new NetworkNamespace();
        kernel = createLinuxKernel({ networkNamespace: namespace.path });
      });

      afterEach(async () => {
        await kernel.close();
        namespace.remove();
      });

      test('parameters of a link and of the node, and nftables of ours, are told of when they change', async () => {
        const link = namespace.addLink('eth0');
        const heard: string[] = [];
        await kernel.open({
          ...SILENT,
          onEvents: (events) => {
            for (const event of events) {
              if (event.kind === 'parameters') heard.push(`parameters of ${event.interfaceIndex}`);
              else if (event.kind === 'nftables') heard.push('nftables');
            }
          },
        });
        const nft = (script: string): void => {
          spawnSync('nsenter', [`--net=${namespace.path}`, findCommand('nft') ?? 'nft', script]);
        };
        const before = namespace.sysctl('net/ipv4/conf/eth0/rp_filter');
        namespace.setSysctl('net/ipv4/conf/eth0/rp_filter', before === '2' ? '1' : '2');
        await until('the link', () => heard.includes(`parameters of ${link}`));
        const forwarding = namespace.sysctl('net/ipv4/ip_forward');
        namespace.setSysctl('net/ipv4/ip_forward', forwarding === '1' ? '0' : '1');
        await until('the node', () => heard.includes('parameters of null'));
        nft('add table inet others; add chain inet others filter');
        nft('add table ip nat; add chain ip nat FORWARD');
        expect(heard).not.toContain('nftables');
        nft('add table inet manul');
        await until('our table', () => heard.filter((text) => text === 'nftables').length === 1);
        nft('add table ip filter');
        await until('the table of iptables', () => heard.filter((text) => text === 'nftables').length === 2);
      });

      test('the link by which packets to an address leave is that of the longest route, if there is one', async () => {
        const link = namespace.addLink('eth0');
        namespace.ip('addr add 10.0.0.1/24 dev eth0');
        namespace.ip('addr add fd99::1/64 dev eth0 nodad');
        namespace.ip('route add blackhole 10.9.0.0/16');
        await kernel.open(SILENT);
        expect(await kernel.outgoingLink('169.254.1.1')).toBeNull();
        expect(await kernel.outgoingLink('10.0.0.7')).toBe(link);
        expect(await kernel.outgoingLink('fd99::7')).toBe(link);
        expect(await kernel.outgoingLink('10.9.0.1')).toBeNull();
        namespace.ip('route add default via 10.0.0.2');
        expect(await kernel.outgoingLink('169.254.1.1')).toBe(link);
      });

      test('twenty thousand routes in one call are written, read back in parts and deleted', async () => {
        const link = namespace.addLink('eth0');
        await kernel.open(SILENT);
        const routes = Array.from({ length: 20_000 }, (_, i) =>
          linkRoute(`10.9.${i >> 8}.${i & 255}/32`, link),
        );
        expect(await kernel.applyRoutes(routes.map((route) => ({ op: 'add', route })))).toEqual([]);
        const parts: number[] = [];
        const filter = { family: 'ipv4', table: 254, protocol: 80, interfaceIndex: null } as const;
        await kernel.dumpRoutes(filter, (part) => parts.push(part.length));
        expect(parts.reduce((sum, count) => sum + count, 0)).toBe(20_000);
        expect(Math.max(...parts)).toBeLessThan(2000);
        const failures = await kernel.applyRoutes(routes.map((route) => ({ op: 'delete', route })));
        expect(failures).toEqual([]);
        expect(namespace.routes('ipv4', 'proto 80')).toEqual([]);
      });

      test.each([1, 3000])(
        'a route that others delete right after it was written is told of after its write is, as one of %d',
        async (count) => {
          const order: string[] = [];
          await kernel.open({
            ...SILENT,
            onEvents: (events) => {
              for (const event of events) if (event.kind === 'route') order.push('deleted');
            },
          });
          const routes = Array.from({ length: count }, (_, i) =>
            blackholeRoute(`10.9.${i >> 8}.${i & 255}/32`),
          );
          const written = kernel
            .applyRoutes(routes.map((route) => ({ op: 'add', route })))
            .then((failures) => {
              order.push(`written, ${failures.length} failures`);
            });
          // This thread is busy meanwhile, so what happens arrives at once.
          deleteWhenThere('route del blackhole 10.9.0.0/32 metric 1024');
          await written;
          await until('both', () => order.length === 2);
          expect(order).toEqual(['written, 0 failures', 'deleted']);
        },
      );

      test('checksums of a VXLAN device are left to it, or not', async () => {
        namespace.ip('link add vxlan.calico type vxlan id 4096 dstport 4789');
        await kernel.open(SILENT);
        const shown = (): string => namespace.exec('ethtool -k vxlan.calico');
        expect(shown()).toContain('tx-checksumming: on');
        expect(await kernel.setChecksumOffload('vxlan.calico', false)).toBeNull();
        expect(shown()).toContain('tx-checksumming: off');
        expect(await kernel.setChecksumOffload('vxlan.calico', true)).toBeNull();
        expect(shown()).toContain('tx-checksumming: on');
        expect(await kernel.setChecksumOffload('nowhere', false)).toMatchObject({ code: 'ENODEV' });
      });

      test('every failure of a large batch is reported', async () => {
        await kernel.open(SILENT);
        const routes = Array.from({ length: 1000 }, (_, i) =>
          linkRoute(`10.9.${i >> 8}.${i & 255}/32`, 4711),
        );
        const failures = await kernel.applyRoutes(routes.map((route) => ({ op: 'add', route })));
        expect(failures.map(({ index, code }) => `${index} ${code}`)).toEqual(
          routes.map((_, i) => `${i} ENODEV`),
        );
      });

      test("the kernel's own words are in the text of a failure", async () => {
        const link = namespace.addLink('eth0');
        await kernel.open(SILENT);
        const route = linkRoute('10.9.0.1/24', link);
        expect(await kernel.applyRoutes([{ op: 'add', route }])).toEqual([
          { index: 0, code: 'EINVAL', text: 'Invalid prefix for given prefix length (EINVAL)' },
        ]);
      });

      test('a namespace that does not exist is named in the error', async () => {
        const lost = createLinuxKernel({ networkNamespace: '/run/netns/manul-nowhere' });
        await expect(lost.open(SILENT)).rejects.toThrow('/run/netns/manul-nowhere');
      });

      test('a flood of changes by others overflows the buffer for events: that is told', async () => {
        kernel = createLinuxKernel({ networkNamespace: namespace.path, eventBufferBytes: 4096 });
        let losses = 0;
        await kernel.open({ onEvents: () => {}, onEventsLost: () => losses++, onBroken: () => {} });
        // While the thread is busy for half a second or more, nobody reads events.
        const setting = { key: 'net/ipv4/ip_forward', value: '0' };
        const busy = kernel.writeSysctls(new Array<SysctlSetting>(40_000).fill(setting));
        namespace.ipBatch(
          Array.from({ length: 2000 }, (_, i) => `route add blackhole 10.8.${i >> 8}.${i & 255}/32`),
        );
        await busy;
        await until('told', () => losses > 0);
        let count = 0;
        const filter = { family: 'ipv4', table: 254, protocol: 3, interfaceIndex: null } as const;
        await kernel.dumpRoutes(filter, (part) => {
          count += part.length;
        });
        expect(count).toBe(2000);
      });

      test('a thread that dies is replaced, and the loss of events is told', async () => {
        let onLost: () => void = () => {};
        const lost = new Promise<void>((resolve) => {
          onLost = resolve;
        });
        const broken: string[] = [];
        await kernel.open({
          onEvents: () => {},
          onEventsLost: () => onLost(),
          onBroken: (text) => broken.push(text),
        });
        await expect(kernel.writeSysctls(undefined as unknown as SysctlSetting[])).rejects.toThrow();
        await lost;
        expect(broken).toHaveLength(1);
        expect(await kernel.applyRoutes([{ op: 'add', route: blackholeRoute('10.1.0.0/26') }])).toEqual([]);
      });

      test('a process without the permission is told which one it lacks', () => {
        const script = resolve(__dirname, '../support/open-kernel.ts');
        const drop = ['--inh-caps=-net_admin', '--bounding-set=-net_admin'];
        const inNamespace = ['unshare', '--net', process.execPath, script];
        const run = spawnSync('setpriv', [...drop, ...inNamespace], { encoding: 'utf8' });
        expect(run.stdout.trim()).toBe(
          'writing routes needs CAP_NET_ADMIN in this network namespace: run as root, or grant the capability',
        );
        expect(run.status).toBe(0);
      });

      test('a port that is not open rejects, and does not hang', async () => {
        await expect(
          kernel.applyRoutes([{ op: 'add', route: blackholeRoute('10.1.0.0/26') }]),
        ).rejects.toThrow('not open');
      });
    });
  },
);
