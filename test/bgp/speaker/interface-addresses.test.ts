import type { NetworkInterfaceInfo } from 'node:os';
import {
  InterfaceAddresses,
  isConnected,
  otherFamilyAddress,
} from '../../../bgp/speaker/interface-addresses.ts';
import { transportAddresses } from '../../../bgp/speaker/rib-session.ts';
import { FakeClock } from './fake-clock.ts';
import { peerConfig, speakerConfig } from './speaker-under-test.ts';

const info = (address: string, internal = false) => ({ address, internal }) as NetworkInterfaceInfo;
const interfaces = {
  lo: [info('127.0.0.1', true), info('::1', true)],
  eth0: [info('10.0.0.1'), info('fe80::1'), info('2001:db8::1')],
  eth1: [info('10.0.1.1'), info('fe80::2')],
};
const wildcard = {
  listen: [
    { address: '0.0.0.0', port: 179 },
    { address: '::', port: 179 },
  ],
  peers: [],
};

describe('our address of the other family', () => {
  test('is one that we listen on', () => {
    const { peers } = speakerConfig();
    const listen = [
      { address: '10.0.0.1', port: 179 },
      { address: 'fd00::1', port: 179 },
    ];
    expect(otherFamilyAddress('10.0.0.1', { listen, peers }, interfaces)).toBe('fd00::1');
    expect(otherFamilyAddress('fd00::1', { listen, peers }, interfaces)).toBe('10.0.0.1');
  });

  test('or one that a configured session binds to', () => {
    const peers = [peerConfig(), peerConfig({ localAddress: 'fd00::7' })];
    expect(otherFamilyAddress('10.0.0.1', { ...wildcard, peers }, interfaces)).toBe('fd00::7');
  });

  test('or a global one of the same interface', () => {
    expect(otherFamilyAddress('10.0.0.1', wildcard, interfaces)).toBe('2001:db8::1');
    expect(otherFamilyAddress('2001:db8::1', wildcard, interfaces)).toBe('10.0.0.1');
  });

  test('and null where there is none: link-local and loopback do not serve', () => {
    expect(otherFamilyAddress('10.0.1.1', wildcard, interfaces)).toBeNull();
    expect(otherFamilyAddress('127.0.0.1', wildcard, interfaces)).toBeNull();
    expect(otherFamilyAddress('192.0.2.9', wildcard, interfaces)).toBeNull();
  });

  test('a burst of sessions asks the system once, a later session again', () => {
    const clock = new FakeClock();
    let asked = 0;
    const own = new InterfaceAddresses(clock, () => {
      asked++;
      return interfaces;
    });
    const addresses = own.with(wildcard);
    for (let i = 0; i < 100; i++) expect(addresses.otherFamily('10.0.0.1')).toBe('2001:db8::1');
    expect(asked).toBe(1);
    clock.advance(2_000);
    addresses.otherFamily('10.0.0.1');
    expect(asked).toBe(2);
  });
});

describe('a peer', () => {
  const cidrs = {
    eth0: [
      { ...info('10.0.0.1'), cidr: '10.0.0.1/24' },
      { ...info('fe80::1'), cidr: 'fe80::1/64' },
    ],
  };

  test.each([
    ['10.0.0.77', true],
    ['10.0.1.1', false],
    ['fe80::9', true],
    ['2001:db8::1', false],
  ])('at %s is on a subnet of ours: %s', (address, connected) => {
    expect(isConnected(address, cidrs)).toBe(connected);
  });
});

describe('the addresses of a transport', () => {
  const own = new InterfaceAddresses(new FakeClock(), () => interfaces).with(wildcard);

  test('between link-local ones name the interface and its global address (RFC 2545 §3)', () => {
    expect(transportAddresses('fe80::1%eth0', own)).toEqual({
      localAddress: 'fe80::1',
      otherFamily: '10.0.0.1',
      link: { zone: 'eth0', globalAddress: '2001:db8::1' },
    });
    expect(transportAddresses('fe80::2%eth1', own).link).toEqual({ zone: 'eth1', globalAddress: null });
    expect(transportAddresses('fe80::2%eth7', own).link).toEqual({ zone: 'eth7', globalAddress: null });
  });

  test('between others have no link', () => {
    expect(transportAddresses('2001:db8::1', own)).toMatchObject({ localAddress: '2001:db8::1', link: null });
    expect(transportAddresses('10.0.1.1', own).link).toBeNull();
  });
});
