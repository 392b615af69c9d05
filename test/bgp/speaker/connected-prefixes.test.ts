import type { NetworkInterfaceInfo } from 'node:os';
import { ConnectedPrefixes, connectedPrefixes } from '../../../bgp/speaker/connected-prefixes.ts';
import { FakeClock } from './fake-clock.ts';

const info = (cidr: string) => ({ address: cidr.split('/')[0], cidr }) as NetworkInterfaceInfo;
const interfaces = {
  lo: [info('127.0.0.1/8')],
  eth0: [info('10.0.0.7/24'), info('2001:DB8::7/64'), info('fe80::1/64'), info('169.254.1.1/16')],
  'eth0.5': [info('10.5.0.1/30')],
  cali12345678901: [info('192.0.2.1/32')],
  'kube-ipvs0': [info('10.96.0.1/32')],
};

test('prefixes of the interfaces and their addresses, but not of pods, services and links', () => {
  expect(connectedPrefixes(interfaces, ['cali*', 'kube-ipvs*', 'lo'])).toEqual([
    '10.0.0.0/24',
    '10.0.0.7/32',
    '10.5.0.0/30',
    '10.5.0.1/32',
    '2001:db8::/64',
    '2001:db8::7/128',
  ]);
  expect(connectedPrefixes(interfaces, ['*.5', 'eth0', 'cali*', 'kube*'])).toEqual([
    '127.0.0.0/8',
    '127.0.0.1/32',
  ]);
});

test('the system is asked at most every two seconds', () => {
  const clock = new FakeClock();
  let asked = 0;
  const connected = new ConnectedPrefixes(clock, () => {
    asked++;
    return interfaces;
  });
  connected.read([]);
  expect(connected.read(['lo'])).toContain('10.0.0.0/24');
  expect(asked).toBe(1);
  clock.advance(2_000);
  expect(connected.read(['lo'])).not.toContain('127.0.0.0/8');
  expect(connected.read(['lo'])).not.toContain('192.0.2.1/32');
  expect(asked).toBe(2);
});
