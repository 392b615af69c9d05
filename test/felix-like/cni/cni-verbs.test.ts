/** The CNI specification 1.1, verb by verb, through the real plugin and an agent on the real kernel. */
import { describeWith } from '../../support/requirements.ts';
import type { NetworkNamespace } from '../support/network-namespace.ts';
import { type Call, CniNode } from './support/cni-node.ts';

jest.setTimeout(120_000);

const ARGS =
  'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=nginx;K8S_POD_INFRA_CONTAINER_ID=container-1';
/** Of default/nginx, as Calico names it. */
const HOST_INTERFACE = 'calic440f455693';

describeWith({ root: true, commands: ['ip', 'ping', 'go'] }, 'the CNI plugin and the agent', () => {
  let node: CniNode;
  let pod: NetworkNamespace;

  beforeEach(async () => {
    node = new CniNode();
    await node.startAgent();
    pod = node.newPod();
  });

  afterEach(async () => {
    await node.remove();
  });

  async function add(call: Call = {}): Promise<Readonly<Record<string, unknown>>> {
    const result = await node.call('ADD', { netns: pod.path, args: ARGS, ...call });
    expect(result).toMatchObject({ status: 0 });
    return result.output ?? {};
  }

  function expectNothingLeft(): void {
    expect(node.hostInterfaces()).toEqual([]);
    expect(node.takenAddresses()).toEqual([]);
    expect(node.attachments()).toEqual([]);
  }

  test('ADD makes the interface as Calico does, for both families, and its result says so', async () => {
    const { mac } = linkOf(
      pod,
      await add().then((result) => (result['interfaces'] as { name: string }[])[1]!.name),
    );
    const again = await node.call('CHECK', { netns: pod.path, args: ARGS, config: { prevResult: {} } });
    expect(again).toEqual({ status: 0, output: null });
    expect(node.hostInterfaces()).toEqual([HOST_INTERFACE]);
    expect(linkOf(node.namespace, HOST_INTERFACE)).toMatchObject({ mac: 'ee:ee:ee:ee:ee:ee', isUp: true });
    expect(pod.routes('ipv4')).toEqual([
      'default via 169.254.1.1 dev eth0',
      '169.254.1.1 dev eth0 scope link',
    ]);
    expect(pod.routes('ipv6', 'default')).toEqual([
      'default via fe80::ecee:eeff:feee:eeee dev eth0 metric 1024 pref medium',
    ]);
    expect(node.namespace.routes('ipv4', `dev ${HOST_INTERFACE}`)).toEqual([
      '10.244.1.2 proto 80 scope link metric 1024',
    ]);
    expect(node.namespace.sysctl(`net/ipv4/conf/${HOST_INTERFACE}/proxy_arp`)).toBe('1');
    expect(mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
  });

  test.each([
    ['1.1.0', { mtu: 1400 }, {}],
    ['1.0.0', {}, {}],
    ['0.4.0', {}, { version: '4' }],
    ['0.3.1', {}, { version: '4' }],
  ])('the result of ADD is one of version %s', async (cniVersion, mtu, ipVersion) => {
    const result = await add({ config: { cniVersion, mtu: 1400, dns: { nameservers: ['10.96.0.10'] } } });
    const { mac } = linkOf(pod, 'eth0');
    expect(result).toEqual({
      cniVersion,
      interfaces: [
        { name: HOST_INTERFACE, mac: 'ee:ee:ee:ee:ee:ee', ...mtu },
        { name: 'eth0', mac, ...mtu, sandbox: pod.path },
      ],
      ips: [
        { ...ipVersion, address: '10.244.1.2/32', interface: 1 },
        {
          ...('version' in ipVersion ? { version: '6' } : {}),
          address: 'fd00:10:244:1::2/128',
          interface: 1,
        },
      ],
      routes: [
        { dst: '169.254.1.1/32', ...('mtu' in mtu ? { scope: 253 } : {}) },
        { dst: '0.0.0.0/0', gw: '169.254.1.1' },
        { dst: '::/0', gw: 'fe80::ecee:eeff:feee:eeee' },
      ],
      dns: { nameservers: ['10.96.0.10'] },
    });
    expect(linkOf(pod, 'eth0').mtu).toBe(1400);
  });

  test('pods reach each other and the node from the first packet on', async () => {
    await add();
    const other = node.newPod();
    await add({ containerId: 'container-2', netns: other.path, args: '' });
    expect(ping(pod, '10.244.1.3')).toBe('1 received');
    expect(ping(other, 'fd00:10:244:1::2')).toBe('1 received');
    expect(ping(node.namespace, 'fd00:10:244:1::3')).toBe('1 received');
  });

  test('DEL gives everything back, a second one and one of a stranger succeed', async () => {
    await add();
    const call = { netns: pod.path, args: ARGS };
    expect(await node.call('DEL', call)).toEqual({ status: 0, output: null });
    expectNothingLeft();
    expect(await node.call('DEL', call)).toEqual({ status: 0, output: null });
    expect(await node.call('DEL', { containerId: 'never-seen' })).toEqual({ status: 0, output: null });
  });

  test('DEL works when the namespace is gone already', async () => {
    await add();
    pod.ip('link del eth0');
    expect(await node.call('DEL', { netns: '/run/netns/manul-gone' })).toEqual({ status: 0, output: null });
    expectNothingLeft();
  });

  test('a second ADD of one container is refused, and leaves the first as it is', async () => {
    await add();
    const second = await node.call('ADD', { netns: pod.path, args: ARGS });
    expect(second).toMatchObject({
      status: 1,
      output: { code: 100, msg: 'the container is attached already' },
    });
    expect(await node.call('CHECK', { netns: pod.path, config: { prevResult: {} } })).toMatchObject({
      status: 0,
    });
  });

  test('a new sandbox of a pod takes the interface over; DEL of the old one leaves it alone', async () => {
    await add();
    const fresh = node.newPod();
    await add({ containerId: 'container-2', netns: fresh.path });
    expect(node.takenAddresses()).toHaveLength(4);
    expect(await node.call('DEL', { netns: pod.path, args: ARGS })).toMatchObject({ status: 0 });
    expect(node.hostInterfaces()).toEqual([HOST_INTERFACE]);
    const check = { containerId: 'container-2', netns: fresh.path, config: { prevResult: {} } };
    expect(await node.call('CHECK', check)).toEqual({ status: 0, output: null });
    expect(node.takenAddresses()).toHaveLength(2);
  });

  test('an interface of that name in the pod is an error, and nothing is left behind', async () => {
    pod.ip('link add eth0 type bridge');
    const result = await node.call('ADD', { netns: pod.path, args: ARGS });
    const details = `eth0: exists already in ${pod.path} (EEXIST)`;
    expect(result.output).toEqual({ cniVersion: '1.1.0', code: 100, msg: 'the kernel refused', details });
    expectNothingLeft();
  });

  test.each([
    ['the interface is down', (ns: NetworkNamespace) => ns.ip('link set eth0 down'), 'eth0 is down'],
    [
      'an address is missing',
      (ns: NetworkNamespace) => ns.ip('addr flush dev eth0'),
      'eth0 lacks 10.244.1.2/32',
    ],
    [
      'a route is missing',
      (ns: NetworkNamespace) => ns.ip('route del default'),
      'eth0 lacks the route 0.0.0.0/0',
    ],
    [
      'the pair is gone',
      (ns: NetworkNamespace) => ns.ip('link del eth0'),
      `${HOST_INTERFACE} does not exist`,
    ],
  ])('CHECK finds that %s', async (_what, harm, details) => {
    await add();
    harm(pod);
    const result = await node.call('CHECK', { netns: pod.path, config: { prevResult: {} } });
    expect(result.output).toMatchObject({ code: 101, msg: 'the attachment is not as it was made', details });
  });

  test('GC removes what is not in the list of valid attachments, and nothing without a list', async () => {
    await add();
    const other = node.newPod();
    await add({ containerId: 'container-2', netns: other.path, args: '' });
    expect(await node.call('GC')).toEqual({ status: 0, output: null });
    expect(node.attachments()).toHaveLength(2);
    const valid = [{ containerID: 'container-2', ifname: 'eth0' }];
    expect(await node.call('GC', { config: { 'cni.dev/valid-attachments': valid } })).toMatchObject({
      status: 0,
    });
    expect(node.takenAddresses()).toEqual(['10.244.1.3', 'fd00:10:244:1::3']);
    expect(await node.call('GC', { config: { 'cni.dev/valid-attachments': null } })).toMatchObject({
      status: 0,
    });
    expectNothingLeft();
  });

  test('STATUS is well, and VERSION needs no agent', async () => {
    expect(await node.call('STATUS')).toEqual({ status: 0, output: null });
    await node.stopAgent();
    const supportedVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];
    expect(await node.call('VERSION', { config: { cniVersion: '1.0.0' } })).toEqual({
      status: 0,
      output: { cniVersion: '1.0.0', supportedVersions },
    });
  });

  test.each([
    ['a version that nobody knows', 'ADD', { config: { cniVersion: '2.0.0' } }, 1],
    ['no network name', 'ADD', { config: { name: '' } }, 7],
    ['an MTU that is none', 'ADD', { config: { mtu: 20 } }, 7],
    ['no container', 'ADD', { containerId: '' }, 4],
    ['a container that leads elsewhere', 'DEL', { containerId: '../../etc' }, 4],
    ['no interface name', 'ADD', { ifName: '' }, 4],
    ['an interface name that is too long', 'DEL', { ifName: 'eth0123456789abcd' }, 4],
    ['no network namespace', 'ADD', { netns: '' }, 4],
    ['arguments without values', 'ADD', { args: 'K8S_POD_NAME' }, 4],
    ['an unknown verb', 'UPDATE', {}, 4],
    ['CHECK without a result', 'CHECK', {}, 7],
    ['CHECK of a stranger', 'CHECK', { containerId: 'never-seen', config: { prevResult: {} } }, 3],
    ['GC with a list that is none', 'GC', { config: { 'cni.dev/valid-attachments': 'all' } }, 7],
    ['a namespace that does not exist', 'ADD', { netns: '/run/netns/manul-gone' }, 100],
    ['a file that is no namespace', 'ADD', { netns: '/etc/hostname' }, 100],
  ])('%s: the error has its number', async (_what, verb, call, code) => {
    const result = await node.call(verb, { netns: pod.path, ...call });
    expect(result).toMatchObject({ status: 1, output: { code, msg: expect.any(String) } });
    expectNothingLeft();
  });

  test('a configuration that is no JSON is an error of decoding', async () => {
    const { spawnSync } = await import('node:child_process');
    const { cniPrograms } = await import('../../../src/image/cni-programs.ts');
    const env = { CNI_COMMAND: 'ADD' };
    const run = spawnSync(`${cniPrograms()}/manul`, { env, input: '{', encoding: 'utf8' });
    expect(JSON.parse(run.stdout)).toMatchObject({ code: 6 });
    expect(run.status).toBe(1);
  });

  test.each([
    ['ADD', 11],
    ['DEL', 11],
    ['CHECK', 11],
    ['GC', 11],
    ['STATUS', 50],
  ])('without an agent %s fails at once with code %i', async (verb, code) => {
    await node.stopAgent();
    const startedMs = performance.now();
    const result = await node.call(verb, { netns: pod.path });
    expect(result).toMatchObject({
      status: 1,
      output: { code, msg: `the agent of this node does not answer at ${node.socketPath}` },
    });
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });

  test.each([
    ['has not read the resources', null, 'the agent is starting'],
    ['has no range for pods', { podCidrs: [] }, 'there are no addresses for pods'],
  ])('an agent that %s says: try again', async (_what, config, msg) => {
    await node.stopAgent();
    await node.startAgent(config);
    const { output } = await node.call('ADD', { netns: pod.path });
    expect(output).toMatchObject({ code: 11, msg });
    expect((await node.call('STATUS')).output).toMatchObject({ code: 50, msg });
    expect(await node.call('DEL')).toMatchObject({ status: 0 });
  });

  test('an exhausted range is an error that says so, and nothing is left behind', async () => {
    await node.stopAgent();
    await node.startAgent({ podCidrs: ['10.244.1.0/30'] });
    await add({ args: '' });
    const other = node.newPod();
    const { output } = await node.call('ADD', { containerId: 'container-2', netns: other.path });
    expect(output).toMatchObject({
      code: 100,
      details: expect.stringContaining('no IP addresses available'),
    });
    expect(node.attachments()).toHaveLength(1);
    expect(node.hostInterfaces()).toHaveLength(1);
  });

  test('a new agent knows the pods before it has read any resource, and keeps their routes', async () => {
    await add();
    await node.stopAgent();
    node.namespace.ip('route del 10.244.1.2');
    await node.startAgent();
    expect(await node.agent.whenRouted(['10.244.1.2/32'], node.attachments()[0]!.hostIndex!, 20_000)).toBe(
      true,
    );
    expect(await node.call('CHECK', { netns: pod.path, config: { prevResult: {} } })).toMatchObject({
      status: 0,
    });
  });
});

function linkOf(namespace: NetworkNamespace, name: string): { mac: string; mtu: number; isUp: boolean } {
  const [link] = JSON.parse(namespace.ip(`-j link show dev ${name}`)) as {
    address: string;
    mtu: number;
    flags: string[];
  }[];
  return { mac: link!.address, mtu: link!.mtu, isUp: link!.flags.includes('UP') };
}

function ping(namespace: NetworkNamespace, address: string): string {
  const output = namespace.exec(`ping -c 1 -W 2 ${address}`);
  return /\d+ received/.exec(output)?.[0] ?? output;
}
