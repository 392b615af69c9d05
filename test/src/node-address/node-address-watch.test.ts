import { readArguments } from '../../../src/cli/arguments.ts';
import { RUN_FLAGS } from '../../../src/cli/flags.ts';
import { readNodeAddressOptions } from '../../../src/node-address/address-options.ts';
import { type HostNetwork, NodeAddressWatch } from '../../../src/node-address/node-address-watch.ts';
import { resourcesOf } from '../../config/support/render-yaml.ts';
import { keepLog } from '../support/log.ts';
import { until } from '../support/until.ts';

jest.setTimeout(30_000);

const CORE_NODE = `---
apiVersion: v1
kind: Node
metadata: {name: a}
status: {addresses: [{type: Hostname, address: a}, {type: InternalIP, address: 10.0.0.1}, {type: InternalIP, address: "fd00::1"}]}
`;

describe('addresses of the node', () => {
  let eth0: { address: string; length: number }[];
  let reachable: string | null;
  let errors: string[];
  let watch: NodeAddressWatch;

  const network: HostNetwork = {
    interfaces: () => [{ name: 'eth0', addresses: eth0 }],
    sourceTowards: async () => {
      if (reachable === null) throw new Error('no route');
      return reachable;
    },
  };

  beforeEach(() => {
    eth0 = [
      { address: '10.0.0.1', length: 24 },
      { address: 'fd00::1', length: 64 },
    ];
    reachable = '10.0.0.1';
    errors = [];
  });

  afterEach(() => watch.close());

  async function start(
    environment: Readonly<Record<string, string>>,
    onChange = (): void => {},
  ): Promise<void> {
    watch = new NodeAddressWatch({
      node: 'a',
      options: readNodeAddressOptions(readArguments(RUN_FLAGS, {}, environment)),
      network,
      logger: keepLog().logger,
      onError: (object, text) => errors.push(`${object}: ${text}`),
    });
    await watch.start(onChange);
  }

  const current = (yaml = '') => watch.current(resourcesOf(yaml));
  const IPV4 = { address: '10.0.0.1', length: 24 };

  test('are those of the resource unless something is asked for', async () => {
    await start({});
    expect(current()).toEqual({ ipv4: null, ipv6: null });
    expect(watch.status()).toEqual({});
  });

  test.each<[Readonly<Record<string, string>>, object | null, object | null]>([
    [{ IP: 'autodetect' }, { address: IPV4, overrides: true }, null],
    [{ MANUL_IP: 'autodetect', IP: 'none' }, { address: IPV4, overrides: true }, null],
    [{ IP: 'none', IP_AUTODETECTION_METHOD: 'interface=eth0' }, null, null],
    [{ IP_AUTODETECTION_METHOD: 'interface=eth0' }, { address: IPV4, overrides: false }, null],
    [
      { IP: 'autodetect', IP_AUTODETECTION_METHOD: 'can-reach=192.0.2.1' },
      { address: IPV4, overrides: true },
      null,
    ],
    [{ IP: '10.0.0.1' }, { address: IPV4, overrides: true }, null],
    [{ IP: '10.0.0.1/16' }, { address: { address: '10.0.0.1', length: 16 }, overrides: true }, null],
    [{ IP: '10.9.9.9' }, { address: { address: '10.9.9.9', length: 32 }, overrides: true }, null],
    [{ IP6: 'autodetect' }, null, { address: { address: 'fd00::1', length: 64 }, overrides: true }],
    [{ IP6: 'FD00::0:2' }, null, { address: { address: 'fd00::2', length: 128 }, overrides: true }],
    [
      {
        IP: 'autodetect',
        IP6: 'autodetect',
        IP_AUTODETECTION_METHOD: 'kubernetes-internal-ip',
        IP6_AUTODETECTION_METHOD: 'kubernetes-internal-ip',
      },
      { address: IPV4, overrides: true },
      { address: { address: 'fd00::1', length: 64 }, overrides: true },
    ],
  ])('with %j', async (environment, ipv4, ipv6) => {
    await start(environment);
    expect(current(CORE_NODE)).toEqual({ ipv4, ipv6 });
    expect(errors).toEqual([]);
  });

  test.each([
    [{ IP: 'fd00::1' }, '--ip: "fd00::1" is neither "autodetect", "none" nor an IPv4 address'],
    [{ IP6: '10.0.0.1' }, '--ip6: "10.0.0.1" is neither "autodetect", "none" nor an IPv6 address'],
    [{ IP_AUTODETECTION_METHOD: 'cidr=x' }, '--ip-autodetection-method: cidr=: "x" is no range of addresses'],
    [{ AUTODETECT_POLL_INTERVAL: 'soon' }, '--autodetect-poll-interval: "soon" is no duration, such as 60s'],
  ])('%j is wrong usage', async (environment, text) => {
    await expect(start(environment)).rejects.toThrow(text);
  });

  test('follow a change, and stay what they were while nothing is found', async () => {
    let changes = 0;
    await start({ IP: 'autodetect', AUTODETECT_POLL_INTERVAL: '10ms' }, () => changes++);
    eth0 = [{ address: '10.0.0.7', length: 25 }];
    await until(() => changes === 1, 'followed');
    expect(current().ipv4?.address).toEqual({ address: '10.0.0.7', length: 25 });
    eth0 = [];
    await until(() => errors.length === 1, 'reported');
    expect(errors).toEqual(['address of this node (ipv4): first-found: no interface has such an address']);
    expect(current().ipv4?.address).toEqual({ address: '10.0.0.7', length: 25 });
    expect(watch.status()).toEqual({
      ipv4: {
        address: '10.0.0.7/25',
        source: 'first-found',
        error: 'first-found: no interface has such an address',
      },
    });
    eth0 = [{ address: '10.0.0.7', length: 25 }];
    await until(() => watch.status().ipv4?.error === null, 'found again');
    expect(changes).toBe(1);
  });

  test('that cannot be found are named with the reason', async () => {
    reachable = null;
    await start({ IP: 'autodetect', IP_AUTODETECTION_METHOD: 'can-reach=192.0.2.1' });
    expect(current().ipv4).toBeNull();
    expect(errors).toEqual(['address of this node (ipv4): can-reach=192.0.2.1: no route']);
  });
});
