/** UPDATEs of BIRD 2.0.12. */
import {
  EXTERNAL,
  EXTERNAL_TWO_OCTET,
  INTERNAL,
  INTERNAL_ADD_PATH,
  LARGE,
  NO_EXPORT,
  NOTHING,
  REFLECTED,
  ROUTE,
  type UpdateVector,
} from './update-vector.ts';

const BIRD = 'BIRD 2.0.12';

export const BIRD_VECTORS: readonly UpdateVector[] = [
  {
    ...NOTHING,
    name: 'a default route and a host route',
    provenance: `${BIRD}, two static routes`,
    session: INTERNAL,
    body: `0000 0015 40010100 400200 400304c0000201 40050400000064 00 20c000024d`,
    announced: [
      { ...ROUTE, prefix: '0.0.0.0/0', nextHop: '192.0.2.1' },
      { ...ROUTE, prefix: '192.0.2.77/32', nextHop: '192.0.2.1' },
    ],
  },
  {
    ...NOTHING,
    name: 'the largest MED, communities of all three kinds',
    provenance: `${BIRD}, static route with attributes set by a filter`,
    session: INTERNAL,
    body: `0000 004d 40010102 400200 400304c0000201 800404ffffffff 4005040000012c c00808fbf40001ffffff01
      c010080002fbf40000004d c020180000fbf40000000400000005fa56ea010000000200000003 18c63364`,
    announced: [
      {
        ...ROUTE,
        prefix: '198.51.100.0/24',
        nextHop: '192.0.2.1',
        origin: 'incomplete',
        localPref: 300,
        med: 4294967295,
        communities: ['64500:1', NO_EXPORT],
        largeCommunities: LARGE,
      },
    ],
    passedOn: { 16: { flags: 0xc0, value: '0002fbf40000004d' } },
  },
  {
    ...NOTHING,
    name: 'a four-octet AS number, prefix of 25 bits',
    provenance: `${BIRD}, bgp_path.prepend in a filter`,
    session: INTERNAL,
    body: `0000 001f 40010100 40020a0202fa56ea010000fdf2 400304c0000201 40050400000064 19cb007180`,
    announced: [{ ...ROUTE, prefix: '203.0.113.128/25', nextHop: '192.0.2.1', asPath: [4200000001, 65010] }],
  },
  {
    ...NOTHING,
    name: 'IPv6 routes of lengths 0 and 128, MP_REACH_NLRI first',
    provenance: `${BIRD}, static routes`,
    session: INTERNAL,
    body: `0000 0039 900e00270002011020010db8000000000000000000000001 00 00
      8020010db8000000000000000000000077 40010100 400200 40050400000064`,
    announced: [
      { ...ROUTE, prefix: '::/0', nextHop: '2001:db8::1' },
      { ...ROUTE, prefix: '2001:db8::77/128', nextHop: '2001:db8::1' },
    ],
  },
  {
    ...NOTHING,
    name: 'End-of-RIB of IPv4',
    provenance: `${BIRD}, graceful restart capability received`,
    session: INTERNAL,
    body: '0000 0000',
    endOfRib: 'ipv4',
  },
  {
    ...NOTHING,
    name: 'End-of-RIB of IPv6',
    provenance: `${BIRD}, graceful restart capability received`,
    session: INTERNAL,
    body: '0000 0006 800f03000201',
    endOfRib: 'ipv6',
  },
  {
    ...NOTHING,
    name: 'a reflected IPv4 route',
    provenance: `${BIRD} as route reflector, cluster 192.0.2.250, from its client 192.0.2.5`,
    session: INTERNAL,
    body: `0000 0029 40010100 40020602010000fded 400304c0000205 40050400000064 800904c0000205
      800a04c00002fa 100a01`,
    announced: [{ ...ROUTE, ...REFLECTED, prefix: '10.1.0.0/16', nextHop: '192.0.2.5', asPath: [65005] }],
  },
  {
    ...NOTHING,
    name: 'a reflected IPv6 route',
    provenance: `${BIRD} as route reflector, cluster 192.0.2.250, from its client 192.0.2.5`,
    session: INTERNAL,
    body: `0000 003c 900e001c0002011020010db8000000000000000000000005 00 3020010db80005
      40010100 400200 40050400000064 800904c0000205 800a04c00002fa`,
    announced: [{ ...ROUTE, ...REFLECTED, prefix: '2001:db8:5::/48', nextHop: '2001:db8::5' }],
  },
  {
    ...NOTHING,
    name: 'a withdrawal of IPv4',
    provenance: `${BIRD}, reflected route gone`,
    session: INTERNAL,
    body: '0003 100a01 0000',
    withdrawn: ['10.1.0.0/16'],
  },
  {
    ...NOTHING,
    name: 'a withdrawal of IPv6',
    provenance: `${BIRD}, reflected route gone`,
    session: INTERNAL,
    body: '0000 000e 900f000a 000201 3020010db80005',
    withdrawn: ['2001:db8:5::/48'],
  },
  {
    ...NOTHING,
    name: 'AS_TRANS in AS_PATH, the real number in AS4_PATH',
    provenance: `${BIRD} to an external peer without four-octet AS numbers`,
    session: EXTERNAL_TWO_OCTET,
    body: `0000 0027 40010100 4002080203fbf45ba0fdf2 400304c0000201
      c0110e02030000fbf4fa56ea010000fdf2 19cb007180`,
    announced: [
      {
        ...ROUTE,
        prefix: '203.0.113.128/25',
        nextHop: '192.0.2.1',
        localPref: null,
        asPath: [64500, 4200000001, 65010],
      },
    ],
  },
  {
    ...NOTHING,
    name: 'a path of two-octet numbers only, no AS4_PATH',
    provenance: `${BIRD} to an external peer without four-octet AS numbers`,
    session: EXTERNAL_TWO_OCTET,
    body: `0000 0041 900e001c0002011020010db8000000000000000000000001 00 3020010db80001
      40010100 4002040201fbf4 c00804fbf40001 c0200cfa56ea010000000200000003`,
    announced: [
      {
        ...ROUTE,
        prefix: '2001:db8:1::/48',
        nextHop: '2001:db8::1',
        localPref: null,
        asPath: [64500],
        communities: ['64500:1'],
        largeCommunities: ['4200000001:2:3'],
      },
    ],
  },
  {
    ...NOTHING,
    name: 'a global and a link-local next hop',
    provenance: `${BIRD}, external peer on the same link (RFC 2545 §3)`,
    session: EXTERNAL,
    body: `0000 003d 900e002c0002012020010db8000000000000000000000001fe80000000000000e42988fffef76568 00
      3020010db80001 40010100 40020602010000fbf4`,
    announced: [
      { ...ROUTE, prefix: '2001:db8:1::/48', nextHop: '2001:db8::1', localPref: null, asPath: [64500] },
    ],
  },
  {
    ...NOTHING,
    name: 'two routes with path identifiers',
    provenance: `${BIRD}, add paths tx`,
    session: INTERNAL_ADD_PATH,
    body: `0000 0015 40010100 400200 400304c0000201 40050400000064 00000002 00 00000002 20c000024d`,
    announced: [
      { ...ROUTE, prefix: '0.0.0.0/0', nextHop: '192.0.2.1', pathId: 2 },
      { ...ROUTE, prefix: '192.0.2.77/32', nextHop: '192.0.2.1', pathId: 2 },
    ],
  },
  {
    ...NOTHING,
    name: 'an IPv6 route with a path identifier',
    provenance: `${BIRD}, add paths tx`,
    session: INTERNAL_ADD_PATH,
    body: `0000 0040 900e00200002011020010db8000000000000000000000005 00 00000006 3020010db80005
      40010100 400200 40050400000064 800904c0000205 800a04c00002fa`,
    announced: [{ ...ROUTE, ...REFLECTED, prefix: '2001:db8:5::/48', nextHop: '2001:db8::5', pathId: 6 }],
  },
  {
    ...NOTHING,
    name: 'withdrawals with path identifiers',
    provenance: `${BIRD}, add paths tx`,
    session: INTERNAL_ADD_PATH,
    body: '0007 00000006 100a01 0000',
    withdrawn: ['10.1.0.0/16#6'],
  },
  {
    ...NOTHING,
    name: 'an IPv6 withdrawal with a path identifier',
    provenance: `${BIRD}, add paths tx`,
    session: INTERNAL_ADD_PATH,
    body: '0000 0012 900f000e 000201 00000006 3020010db80005',
    withdrawn: ['2001:db8:5::/48#6'],
  },
];
