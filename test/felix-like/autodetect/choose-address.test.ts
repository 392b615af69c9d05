import {
  chooseAddress,
  type HostInterface,
  type InterfaceMethod,
} from '../../../felix-like/autodetect/choose-address.ts';
import { parseDetectionMethod } from '../../../felix-like/autodetect/detection-method.ts';

/** `eth0 10.0.0.1/24 fd00::1/64` */
function interfaces(...lines: readonly string[]): HostInterface[] {
  return lines.map((line) => {
    const [name, ...addresses] = line.split(' ');
    return {
      name: name!,
      addresses: addresses.map((text) => {
        const [address, length] = text.split('/');
        return { address: address!, length: Number(length) };
      }),
    };
  });
}

const HOST = interfaces(
  'lo 127.0.0.1/8 ::1/128',
  'eth0 10.0.0.1/24 10.0.0.2/24 fe80::1/64 fd00::1/64',
  'eth1 192.0.2.1/25 fe80::2/64 2001:db8::1/64',
  'ens5 169.254.9.9/16 172.16.0.1/16',
  'docker0 172.17.0.1/16',
  'cali123 10.244.0.1/32',
  'vxlan.calico 10.244.0.2/32',
);

function chosen(
  text: string,
  family: 'ipv4' | 'ipv6' = 'ipv4',
  host: readonly HostInterface[] = HOST,
): string | null {
  const method = parseDetectionMethod(text);
  if (typeof method === 'string') throw new Error(method);
  const found = chooseAddress(method as InterfaceMethod, family, host);
  return found && `${found.address}/${found.length}`;
}

describe('IPv4', () => {
  test.each([
    ['first-found', '172.16.0.1/16'],
    ['skip-interface=ens.*', '192.0.2.1/25'],
    ['skip-interface=ens5,^eth1$', '10.0.0.1/24'],
    ['interface=eth.*', '192.0.2.1/25'],
    ['interface=eth0,eth1', '10.0.0.1/24'],
    ['interface=nothing,eth0', '10.0.0.1/24'],
    ['interface=docker0', '172.17.0.1/16'],
    ['interface=wlan', null],
    ['cidr=10.0.0.2/32', '10.0.0.2/24'],
    ['cidr=203.0.113.0/24,192.0.2.0/24', '192.0.2.1/25'],
    ['cidr=203.0.113.0/24', null],
  ])('%s: %s', (method, expected) => {
    expect(chosen(method)).toBe(expected);
  });

  test.each([
    'docker0',
    'cbr0',
    'dummy0',
    'podman1',
    'virbr0',
    'lxcbr0',
    'veth1',
    'lo',
    'br-1a2b',
    'cali1',
    'tunl0',
    'flannel.1',
    'kube-ipvs0',
    'cni0',
    'vxlan.calico',
    'vxlan-v6.calico',
    'wireguard.cali',
    'wg-v6.cali',
    'nodelocaldns',
  ])('first-found passes over %s', (name) => {
    expect(chosen('first-found', 'ipv4', interfaces('eth0 10.0.0.1/24', `${name} 10.9.0.1/24`))).toBe(
      '10.0.0.1/24',
    );
  });

  test.each(['0.0.0.0', '127.1.2.3', '169.254.1.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'])(
    '%s is never an address of a node',
    (address) => {
      expect(chosen('first-found', 'ipv4', interfaces(`eth0 ${address}/8`))).toBeNull();
    },
  );
});

describe('IPv6', () => {
  test('link-local addresses are passed over', () => {
    expect(chosen('first-found', 'ipv6')).toBe('2001:db8::1/64');
    expect(chosen('interface=eth0', 'ipv6')).toBe('fd00::1/64');
    expect(chosen('cidr=fe80::/10', 'ipv6')).toBeNull();
  });

  test.each(['::', '::1', 'ff02::1', 'febf::1'])('%s is never an address of a node', (address) => {
    expect(chosen('first-found', 'ipv6', interfaces(`eth0 ${address}/64`))).toBeNull();
  });
});

test.each([
  [
    'first',
    '"first" is none of first-found, kubernetes-internal-ip, can-reach=…, interface=…, skip-interface=…, cidr=…',
  ],
  ['first-found=x', 'first-found takes no value'],
  ['interface', 'interface= needs a value'],
  ['interface=,', 'interface= needs a value'],
  ['can-reach=', 'can-reach= needs a value'],
  ['cidr=10.0.0.0/8,x', 'cidr=: "x" is no range of addresses'],
  ['skip-interface=(', 'skip-interface=: Invalid regular expression: /(/: Unterminated group'],
])('"%s" is refused: %s', (text, problem) => {
  expect(parseDetectionMethod(text)).toBe(problem);
});
