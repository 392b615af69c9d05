import type { Capability } from '../../../bgp/packet/capabilities/capability.ts';
import {
  capabilityName,
  capabilityText,
  decodeCapability,
  encodeCapability,
} from '../../../bgp/packet/capabilities/registry.ts';
import { fromHex } from '../../vectors/session-messages.ts';

/** Octets from the figures of the RFCs, value, and how it is shown. */
const VECTORS: readonly (readonly [string, string, Capability, string])[] = [
  ['RFC 4760 §8', '01 04 0002 00 01', { kind: 'multiprotocol', afi: 2, safi: 1 }, 'multiprotocol: ipv6'],
  [
    'RFC 4760 §8, EVPN',
    '01 04 0019 00 46',
    { kind: 'multiprotocol', afi: 25, safi: 70 },
    'multiprotocol: afi 25 safi 70',
  ],
  ['RFC 2918 §2', '02 00', { kind: 'routeRefresh' }, 'route refresh: '],
  [
    'RFC 8950 §4',
    '05 06 0001 0001 0002',
    { kind: 'extendedNextHop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
    'extended next hop: ipv4 via ipv6',
  ],
  ['RFC 8654 §3', '06 00', { kind: 'extendedMessage' }, 'extended message: '],
  [
    'RFC 4724 §3',
    '40 06 8078 0001 01 80',
    {
      kind: 'gracefulRestart',
      restarting: true,
      notification: false,
      restartTimeSec: 120,
      entries: [{ afi: 1, safi: 1, forwardingPreserved: true }],
    },
    'graceful restart: restart time 120 s, restarting, ipv4 (forwarding preserved)',
  ],
  ['RFC 9234 §4.1', '09 01 03', { kind: 'role', value: 3 }, 'role: customer'],
  ['RFC 9234 §4.1, unassigned', '09 01 63', { kind: 'role', value: 99 }, 'role: unassigned role 99'],
  ['RFC 6793 §3', '41 04 fa56ea01', { kind: 'fourOctetAs', asn: 4200000001 }, 'four-octet AS: 4200000001'],
  [
    'RFC 7911 §4',
    '45 08 0001 01 01 0002 01 02',
    {
      kind: 'addPath',
      entries: [
        { afi: 1, safi: 1, send: false, receive: true },
        { afi: 2, safi: 1, send: true, receive: false },
      ],
    },
    'ADD-PATH: ipv4 receive, ipv6 send',
  ],
  ['RFC 7313 §3.1', '46 00', { kind: 'enhancedRouteRefresh' }, 'enhanced route refresh: '],
  [
    'draft-walton-bgp-hostname-capability',
    '49 09 02 7231 05 6c616220 1b',
    { kind: 'fqdn', hostName: fromHex('7231'), domainName: fromHex('6c6162201b') },
    'FQDN: r1.lab \\x1b',
  ],
  [
    'draft-ietf-idr-bgp-softversion-capability',
    '4b 05 04 46525220',
    { kind: 'softwareVersion', version: fromHex('46525220') },
    'software version: FRR ',
  ],
  ['code 128', '80 00', { kind: 'routeRefreshCisco' }, 'route refresh (old): '],
  [
    'an unassigned code',
    'c8 02 0102',
    { kind: 'unknown', code: 200, value: fromHex('0102') },
    'capability 200: 0102',
  ],
];

describe('capabilities', () => {
  test.each(VECTORS)('%s: decoded, encoded and shown', (_source, hex, capability, shown) => {
    const bytes = fromHex(hex);
    expect(decodeCapability(bytes[0]!, bytes.subarray(2))).toEqual(capability);
    expect(encodeCapability(capability)).toEqual(bytes);
    expect(`${capabilityName(capability)}: ${capabilityText(capability)}`).toBe(shown);
  });

  test.each([
    ['multiprotocol of three octets', 1, '000100'],
    ['multiprotocol of five octets', 1, '0001000100'],
    ['route refresh with a value', 2, '00'],
    ['four-octet AS of two octets', 65, 'fde8'],
    ['graceful restart of one octet', 64, '00'],
    ['graceful restart with half a family', 64, '00000001'],
    ['ADD-PATH with half a family', 69, '0001'],
    ['FQDN longer than its value', 73, '0541'],
    ['software version longer than its value', 75, '0541'],
  ])('%s is not understood, and kept', (_what, code, hex) => {
    const capability = decodeCapability(code, fromHex(hex));
    expect(capability).toEqual({ kind: 'unknown', code, value: fromHex(hex) });
    expect(capabilityName(capability)).toMatch(/\(malformed\)$/);
  });

  test('ADD-PATH entries with another mode than 1 to 3 are left out (RFC 7911 §4)', () => {
    expect(decodeCapability(69, fromHex('00010100 00020104 00020103'))).toEqual({
      kind: 'addPath',
      entries: [{ afi: 2, safi: 1, send: true, receive: true }],
    });
  });

  test('a restart time that does not fit into twelve bits is a loud mistake', () => {
    const restart = { kind: 'gracefulRestart', restarting: false, notification: false, entries: [] } as const;
    expect(() => encodeCapability({ ...restart, restartTimeSec: 4096 })).toThrow(RangeError);
  });
});
