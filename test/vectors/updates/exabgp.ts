/** UPDATEs of ExaBGP 4.2.21. */
import {
  EXTERNAL_TWO_OCTET,
  INTERNAL,
  INTERNAL_ADD_PATH,
  NO_EXPORT,
  NOTHING,
  ROUTE,
  type UpdateVector,
} from './update-vector.ts';

const EXABGP = 'ExaBGP 4.2.21';

export const EXABGP_VECTORS: readonly UpdateVector[] = [
  {
    ...NOTHING,
    name: 'every attribute of RFC 4271 and of reflection in one UPDATE',
    provenance: `${EXABGP}, static route`,
    session: INTERNAL,
    body: `0000 0081 40010101 40021402020000fdf2fa56ea0101020000fdfc0000fe06 400304c0000201 80040400000032
      4005040000012c 400600 c00708fa56ea01c0000201 c00808fbf40001ffffff01 800904c0000209
      800a08c00002fac00002fb c010080002fbf40000004d
      c02018fa56ea0100000002000000030000fbf40000000400000005 18c63364`,
    announced: [
      {
        pathId: null,
        prefix: '198.51.100.0/24',
        nextHop: '192.0.2.1',
        origin: 'egp',
        asPath: [65010, 4200000001, [65020, 65030]],
        localPref: 300,
        med: 50,
        communities: ['64500:1', NO_EXPORT],
        largeCommunities: ['4200000001:2:3', '64500:4:5'],
        originatorId: '192.0.2.9',
        clusterList: ['192.0.2.250', '192.0.2.251'],
      },
    ],
    passedOn: {
      6: { flags: 0x40, value: '' },
      7: { flags: 0xc0, value: 'fa56ea01c0000201' },
      16: { flags: 0xc0, value: '0002fbf40000004d' },
    },
  },
  {
    ...NOTHING,
    name: 'unrecognised attributes: transitive passed on with Partial, non-transitive dropped',
    provenance: `${EXABGP}, attribute [ 0x63 0xc0 … ] and attribute [ 0x64 0x80 … ]`,
    session: INTERNAL,
    body: `0000 0022 40010100 400200 400304c0000201 40050400000064 c063050102030405 8064020607 19cb007180`,
    announced: [{ ...ROUTE, prefix: '203.0.113.128/25', nextHop: '192.0.2.1' }],
    passedOn: { 99: { flags: 0xe0, value: '0102030405' } },
  },
  {
    ...NOTHING,
    name: 'AS4_PATH, AS4_AGGREGATOR, and reflection attributes from an external peer, which are ignored',
    provenance: `${EXABGP} to a peer without four-octet AS numbers`,
    session: EXTERNAL_TWO_OCTET,
    body: `0000 0092 40010101 40020c0202fdf25ba00102fdfcfe06 c0111402020000fdf2fa56ea0101020000fdfc0000fe06
      400304c0000201 80040400000032 400600 c007065ba0c0000201 c01208fa56ea01c0000201
      c00808fbf40001ffffff01 800904c0000209 800a08c00002fac00002fb c010080002fbf40000004d
      c02018fa56ea0100000002000000030000fbf40000000400000005 18c63364`,
    announced: [
      {
        ...ROUTE,
        prefix: '198.51.100.0/24',
        nextHop: '192.0.2.1',
        origin: 'egp',
        localPref: null,
        asPath: [65010, 4200000001, [65020, 65030]],
        med: 50,
        communities: ['64500:1', NO_EXPORT],
        largeCommunities: ['4200000001:2:3', '64500:4:5'],
      },
    ],
    passedOn: {
      6: { flags: 0x40, value: '' },
      7: { flags: 0xc0, value: 'fa56ea01c0000201' },
      16: { flags: 0xc0, value: '0002fbf40000004d' },
    },
  },
  {
    ...NOTHING,
    name: 'a path identifier set by hand',
    provenance: `${EXABGP}, path-information 0.0.1.2`,
    session: INTERNAL_ADD_PATH,
    body: `0000 0015 40010100 400200 400304c0000201 40050400000064 00000102 20c000024d`,
    announced: [{ ...ROUTE, prefix: '192.0.2.77/32', nextHop: '192.0.2.1', pathId: 258 }],
  },
  {
    ...NOTHING,
    name: 'End-of-RIB of IPv6 in extended length',
    provenance: `${EXABGP}, graceful restart capability received`,
    session: INTERNAL,
    body: '0000 0007 900f0003000201',
    endOfRib: 'ipv6',
  },
];
