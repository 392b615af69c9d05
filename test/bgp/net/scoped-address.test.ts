import {
  canonicalScopedAddress,
  isLinkLocal,
  scopedAddressFamily,
  splitZone,
} from '../../../bgp/net/scoped-address.ts';

describe('an address with a zone (RFC 4007 §11)', () => {
  test.each([
    ['FE80::0001%eth0', 'fe80::1%eth0'],
    ['fe80::1', 'fe80::1'],
    ['febf::1%br-lan.100', 'febf::1%br-lan.100'],
    ['2001:DB8::1', '2001:db8::1'],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalScopedAddress(text)).toBe(canonical);
  });

  test.each([
    ['a zone behind a global address', '2001:db8::1%eth0'],
    ['a zone behind an IPv4 address', '169.254.0.1%eth0'],
    ['an empty zone', 'fe80::1%'],
    ['a zone that no interface can have', 'fe80::1%a/b'],
    ['a zone that is too long', 'fe80::1%abcdefghijklmnop'],
    ['two zones', 'fe80::1%eth0%eth1'],
    ['no address', 'eth0'],
    ['a prefix', 'fe80::1/64'],
  ])('%s is refused', (_what, text) => {
    expect(canonicalScopedAddress(text)).toBeNull();
  });

  test('has the family of its address, and link-local is fe80::/10', () => {
    expect(scopedAddressFamily('fe80::1%eth0')).toBe('ipv6');
    expect(scopedAddressFamily('10.0.0.1')).toBe('ipv4');
    expect(['fe80::1%eth0', 'febf::', 'fec0::1', 'fe00::1', '169.254.0.1'].map(isLinkLocal)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(splitZone('fe80::1%eth0')).toEqual({ address: 'fe80::1', zone: 'eth0' });
  });
});
