/** UPDATEs of FRR 8.4.4. */
import {
  EXTERNAL_TWO_OCTET,
  INTERNAL,
  INTERNAL_ADD_PATH,
  LARGE,
  NO_EXPORT,
  NOTHING,
  ROUTE,
  type UpdateVector,
} from './update-vector.ts';

const FRR = 'FRR 8.4.4 bgpd';

export const FRR_VECTORS: readonly UpdateVector[] = [
  {
    ...NOTHING,
    name: 'an AS_PATH of an AS_SEQUENCE and an AS_SET in extended length, AGGREGATOR, a MED of 0',
    provenance: `${FRR}, aggregate-address 10.0.0.0/8 as-set`,
    session: INTERNAL,
    body: `0000 0038 40010100 5002001002010000fded01020000fdeefa56ea07 400304c0000201 80040400000000
      40050400000064 c007080000fbf4c0000201 080a`,
    announced: [
      {
        ...ROUTE,
        prefix: '10.0.0.0/8',
        nextHop: '192.0.2.1',
        asPath: [65005, [65006, 4200000007]],
        med: 0,
      },
    ],
    passedOn: { 7: { flags: 0xc0, value: '0000fbf4c0000201' } },
  },
  {
    ...NOTHING,
    name: 'an AS_SET and AGGREGATOR in two-octet numbers, AS4_PATH in extended length',
    provenance: `${FRR}, aggregate to an external peer without four-octet AS numbers`,
    session: EXTERNAL_TWO_OCTET,
    body: `0000 0043 40010100 5002000c0202fbf4fded0102fdee5ba0 400304c0000201 80040400000000
      c00706fbf4c0000201 d011001402020000fbf40000fded01020000fdeefa56ea07 080a`,
    // AGGREGATOR holds a real number and there is no AS4_AGGREGATOR: AS4_PATH counts (RFC 6793 §4.2.3).
    announced: [
      {
        ...ROUTE,
        prefix: '10.0.0.0/8',
        nextHop: '192.0.2.1',
        localPref: null,
        med: 0,
        asPath: [64500, 65005, [65006, 4200000007]],
      },
    ],
    passedOn: { 7: { flags: 0xc0, value: '0000fbf4c0000201' } },
  },
  {
    ...NOTHING,
    name: 'LARGE_COMMUNITY before the extended communities',
    provenance: `${FRR}, network with a route map`,
    session: INTERNAL,
    body: `0000 0058 40010100 5002000a02020000fdf2fa56ea01 400304c0000201 80040400000032 40050400000064
      c00808fbf40001ffffff01 c020180000fbf40000000400000005fa56ea010000000200000003 c010080002fbf40000004d
      18c63364`,
    announced: [
      {
        ...ROUTE,
        prefix: '198.51.100.0/24',
        nextHop: '192.0.2.1',
        asPath: [65010, 4200000001],
        med: 50,
        communities: ['64500:1', NO_EXPORT],
        largeCommunities: LARGE,
      },
    ],
    passedOn: { 16: { flags: 0xc0, value: '0002fbf40000004d' } },
  },
  {
    ...NOTHING,
    name: 'an IPv4-mapped next hop of an IPv6 route',
    provenance: `${FRR}, IPv6 over an IPv4 session`,
    session: INTERNAL,
    body: `0000 0071 900e001c0002011000000000000000000000ffffc0000201 00 3020010db80001 40010100
      5002000a02020000fdf2fa56ea01 80040400000032 40050400000064 c00808fbf40001ffffff01
      c020180000fbf40000000400000005fa56ea010000000200000003 c010080002fbf40000004d`,
    announced: [
      {
        ...ROUTE,
        prefix: '2001:db8:1::/48',
        nextHop: '::ffff:192.0.2.1',
        asPath: [65010, 4200000001],
        med: 50,
        communities: ['64500:1', NO_EXPORT],
        largeCommunities: LARGE,
      },
    ],
    passedOn: { 16: { flags: 0xc0, value: '0002fbf40000004d' } },
  },
  {
    ...NOTHING,
    name: 'one of several paths with its identifier',
    provenance: `${FRR}, addpath-tx-all-paths`,
    session: INTERNAL_ADD_PATH,
    body: `0000 0031 40010100 5002000602010000fe4b 400304c0000206 80040400000000 40050400000064
      800904c0000206 800a04c00002fa 00000006 0cac10`,
    announced: [
      {
        ...ROUTE,
        prefix: '172.16.0.0/12',
        pathId: 6,
        nextHop: '192.0.2.6',
        asPath: [65099],
        med: 0,
        originatorId: '192.0.2.6',
        clusterList: ['192.0.2.250'],
      },
    ],
  },
  {
    ...NOTHING,
    name: 'two withdrawals with path identifiers in one UPDATE',
    provenance: `${FRR}, addpath-tx-all-paths`,
    session: INTERNAL_ADD_PATH,
    body: '000e 00000008 10ac11 00000007 0cac10 0000',
    withdrawn: ['172.17.0.0/16#8', '172.16.0.0/12#7'],
  },
];
