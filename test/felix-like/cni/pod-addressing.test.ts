import { interfaceNameOf } from '../../../config/render/workloads.ts';
import { hostInterfaceName } from '../../../felix-like/cni/pod-addressing.ts';

test.each([
  ['default', 'nginx', 'calic440f455693'],
  ['kube-system', 'coredns-0', 'cali8c346e38bf4'],
])(
  'the interface of %s/%s is called as Calico calls it, by CNI and by the resources',
  (namespace, name, expected) => {
    expect(hostInterfaceName('cali', { namespace, name }, 'container')).toBe(expected);
    expect(interfaceNameOf('cali', namespace, name)).toBe(expected);
  },
);

test('a container that is no pod gets a name of its own, short enough for the kernel', () => {
  const name = hostInterfaceName('cali', null, 'f'.repeat(64));
  expect(name).toMatch(/^cali[0-9a-f]{11}$/);
  expect(hostInterfaceName('cali', null, 'e'.repeat(64))).not.toBe(name);
});
