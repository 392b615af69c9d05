/** `manul cleanup` where tools are missing; what it does to a real kernel is in cleanup-linux.test.ts and ipip.test.ts. */
import { cleanUpNode } from '../../../felix-like/cleanup/clean-up-node.ts';
import type { CommandPort } from '../../../felix-like/kernel/command-port.ts';
import { FakeKernel } from '../../../felix-like/kernel/fake-kernel.ts';
import { blackholeRoute, ofProtocol } from '../support/routes.ts';

const NOWHERE = '/nonexistent/manul-test';
const FORWARD = [
  '-P FORWARD DROP',
  '-A FORWARD -i docker0 -j ACCEPT',
  '-A FORWARD -i cali+ -m comment --comment "manul: from workloads cali+" -j ACCEPT',
];

/** A machine with iptables-legacy and without nft. */
function machine(hasNftModule: boolean): { readonly commands: CommandPort; readonly asked: string[] } {
  const asked: string[] = [];
  const answer = (status: number, stdout = '') => ({ status, stdout, stderr: '' });
  const commands: CommandPort = {
    run: async (program, args) => {
      asked.push([program, ...args].join(' '));
      if (program === 'test') return answer(hasNftModule ? 0 : 1);
      if (program === 'cat') return answer(0, args[0]!.includes('ip6') ? '' : 'filter\n');
      if (program !== 'iptables-legacy') return null;
      return answer(0, args.includes('-S') ? FORWARD.join('\n') : '');
    },
  };
  return { commands, asked };
}

async function cleanUp(
  commands: CommandPort,
): Promise<{ readonly items: string[]; readonly kernel: FakeKernel }> {
  const kernel = new FakeKernel();
  kernel.putRoute(blackholeRoute('10.244.1.0/26'));
  for (const name of ['cali1', 'eth0']) kernel.addLink(name);
  for (const address of ['169.254.7.1/32', '10.9.9.1/24']) kernel.addAddress('cali1', address);
  kernel.addAddress('eth0', '10.0.0.9/32');
  kernel.putRoute(ofProtocol(4, blackholeRoute('10.99.0.0/16')));
  const cni = { binFolder: NOWHERE, configFolder: NOWHERE, stateFolder: NOWHERE };
  const items = await cleanUpNode({ kernel, commands, cni, routeProtocol: 80, interfacePrefixes: ['cali'] });
  return {
    kernel,
    items: items.map(({ kind, object, error }) => `${kind} ${object}: ${error ?? 'removed'}`),
  };
}

describe('cleanup on a machine without nft', () => {
  test('removes all else, and names nothing that cannot be there', async () => {
    const { commands, asked } = machine(false);
    const { items, kernel } = await cleanUp(commands);
    expect(items).toEqual([
      'forwardRule 1 rules in iptables-legacy FORWARD: removed',
      'route 10.244.1.0/26 metric 1024: removed',
      'address 169.254.7.1/32 on cali1: removed',
    ]);
    expect(kernel.routes().map(({ prefix }) => prefix)).toEqual(['10.99.0.0/16']);
    expect(asked.filter((line) => line.includes(' -D '))).toEqual([
      'iptables-legacy -w 10 -D FORWARD -i cali+ -m comment --comment manul: from workloads cali+ -j ACCEPT',
    ]);
  });

  test('says that a table may be left where the kernel has nftables', async () => {
    const { items } = await cleanUp(machine(true).commands);
    expect(items[0]).toBe('nftables table inet manul: nft is not installed');
    expect(items).toHaveLength(4);
  });
});
