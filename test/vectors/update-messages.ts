/**
 * UPDATE bodies (RFC 4271 §4.3, without the header) that other implementations sent, with what they mean: values
 * from the daemons' configuration, not from any decoder of ours. Captured on loopback or a veth pair by a plain TCP
 * peer that answered with an OPEN of its own; none of our code was involved. The daemons are AS 64500, 192.0.2.1.
 */
import type { Family } from '../../bgp/net/index.ts';
import type { RouteStatus } from '../../bgp/speaker/speaker-status.ts';

export type RouteValues = Pick<
  RouteStatus,
  | 'prefix'
  | 'pathId'
  | 'nextHop'
  | 'origin'
  | 'asPath'
  | 'localPref'
  | 'med'
  | 'communities'
  | 'largeCommunities'
  | 'originatorId'
  | 'clusterList'
>;

export interface UpdateSession {
  /** We are AS 64500 too; else the daemon is an external peer. */
  readonly isInternal: boolean;
  readonly fourOctetAs: boolean;
  readonly addPath: boolean;
}

export interface UpdateVector {
  readonly name: string;
  readonly provenance: string;
  readonly session: UpdateSession;
  readonly body: string;
  readonly announced: readonly RouteValues[];
  /** Prefixes, with ADD-PATH `prefix#identifier`. */
  readonly withdrawn: readonly string[];
  readonly endOfRib: Family | null;
  /** Attributes that only pass through, as a reflector must send them on: flags and value by type code. */
  readonly passedOn?: Readonly<Record<number, { readonly flags: number; readonly value: string }>>;
}

const INTERNAL: UpdateSession = { isInternal: true, fourOctetAs: true, addPath: false };
const INTERNAL_ADD_PATH: UpdateSession = { ...INTERNAL, addPath: true };
const EXTERNAL: UpdateSession = { isInternal: false, fourOctetAs: true, addPath: false };
const EXTERNAL_TWO_OCTET: UpdateSession = { ...EXTERNAL, fourOctetAs: false };

const ROUTE: Omit<RouteValues, 'prefix' | 'nextHop'> = {
  pathId: null,
  origin: 'igp',
  asPath: [],
  localPref: 100,
  med: null,
  communities: [],
  largeCommunities: [],
  originatorId: null,
  clusterList: [],
};

const NOTHING = { announced: [], withdrawn: [], endOfRib: null } as const;

const REFLECTED = { originatorId: '192.0.2.5', clusterList: ['192.0.2.250'] } as const;

const NO_EXPORT = '65535:65281';
const LARGE = ['64500:4:5', '4200000001:2:3'];

const BIRD = 'BIRD 2.0.12';
const FRR = 'FRR 8.4.4 bgpd';
const GOBGP = 'GoBGP 3.10.0';
const OPENBGPD = 'OpenBGPD 7.7';
const EXABGP = 'ExaBGP 4.2.21';

const BIRD_VECTORS: readonly UpdateVector[] = [
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

const FRR_VECTORS: readonly UpdateVector[] = [
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

const GOBGP_VECTORS: readonly UpdateVector[] = [
  {
    ...NOTHING,
    name: 'NEXT_HOP as the last attribute, AS_SET, AGGREGATOR of a four-octet AS',
    provenance: `${GOBGP}, gobgp global rib add … aspath "65010 4200000001 {65020 65030}" aggregator`,
    session: INTERNAL,
    body: `0000 0046 40010101 40021402020000fdf2fa56ea0101020000fdfc0000fe06 80040400000032 4005040000012c
      c00708fa56ea01c0000201 c00808fbf40001ffffff01 400304c0000201 18c63364`,
    announced: [
      {
        ...ROUTE,
        prefix: '198.51.100.0/24',
        nextHop: '192.0.2.1',
        origin: 'egp',
        asPath: [65010, 4200000001, [65020, 65030]],
        localPref: 300,
        med: 50,
        communities: ['64500:1', NO_EXPORT],
      },
    ],
    passedOn: { 7: { flags: 0xc0, value: 'fa56ea01c0000201' } },
  },
  {
    ...NOTHING,
    name: 'AS4_PATH and AS4_AGGREGATOR',
    provenance: `${GOBGP} to an external peer without four-octet AS numbers`,
    session: EXTERNAL_TWO_OCTET,
    body: `0000 005d 40010101 40020e0203fbf4fdf25ba00102fdfcfe06 80040400000032 c007065ba0c0000201
      c00808fbf40001ffffff01 400304c0000201 c0111802030000fbf40000fdf2fa56ea0101020000fdfc0000fe06
      c01208fa56ea01c0000201 18c63364`,
    announced: [
      {
        ...ROUTE,
        prefix: '198.51.100.0/24',
        nextHop: '192.0.2.1',
        origin: 'egp',
        asPath: [64500, 65010, 4200000001, [65020, 65030]],
        localPref: null,
        med: 50,
        communities: ['64500:1', NO_EXPORT],
      },
    ],
    passedOn: { 7: { flags: 0xc0, value: 'fa56ea01c0000201' } },
  },
  {
    ...NOTHING,
    name: 'MP_REACH_NLRI as the last attribute, short length form',
    provenance: `${GOBGP}, gobgp global rib add -a ipv6`,
    session: INTERNAL,
    body: `0000 0034 40010102 400200 40050400000064 c00804fbf40001
      800e1c0002011020010db8000000000000000000000001 00 3020010db80001`,
    announced: [
      {
        ...ROUTE,
        prefix: '2001:db8:1::/48',
        nextHop: '2001:db8::1',
        origin: 'incomplete',
        communities: ['64500:1'],
      },
    ],
  },
  {
    ...NOTHING,
    name: 'a default route of IPv6',
    provenance: `${GOBGP}, gobgp global rib add -a ipv6 ::/0`,
    session: INTERNAL,
    body: `0000 0027 40010102 400200 40050400000064 800e160002011020010db8000000000000000000000001 00 00`,
    announced: [{ ...ROUTE, prefix: '::/0', nextHop: '2001:db8::1', origin: 'incomplete' }],
  },
  {
    ...NOTHING,
    name: 'ADD-PATH of IPv6 with a short MP_REACH_NLRI',
    provenance: `${GOBGP}, add-paths send-max 8`,
    session: INTERNAL_ADD_PATH,
    body: `0000 0031 40010100 400200 40050400000064 800e200002011020010db8000000000000000000000005 00
      00000001 3020010db80005`,
    announced: [{ ...ROUTE, prefix: '2001:db8:5::/48', nextHop: '2001:db8::5', pathId: 1 }],
  },
  {
    ...NOTHING,
    name: 'a withdrawal of IPv6 in a short MP_UNREACH_NLRI',
    provenance: `${GOBGP}, reflected route gone`,
    session: INTERNAL,
    body: '0000 000d 800f0a 000201 3020010db80005',
    withdrawn: ['2001:db8:5::/48'],
  },
];

const OPENBGPD_VECTORS: readonly UpdateVector[] = [
  {
    ...NOTHING,
    name: 'all attributes of a network statement',
    provenance: `${OPENBGPD}, network … set { … }`,
    session: INTERNAL,
    body: `0000 004d 40010101 400200 400304c0000201 80040400000032 4005040000012c c00808fbf40001ffffff01
      c010080002fbf40000004d c020180000fbf40000000400000005fa56ea010000000200000003 18c63364`,
    announced: [
      {
        ...ROUTE,
        prefix: '198.51.100.0/24',
        nextHop: '192.0.2.1',
        origin: 'egp',
        localPref: 300,
        med: 50,
        communities: ['64500:1', NO_EXPORT],
        largeCommunities: LARGE,
      },
    ],
    passedOn: { 16: { flags: 0xc0, value: '0002fbf40000004d' } },
  },
  {
    ...NOTHING,
    name: 'AS4_PATH to an external peer',
    provenance: `${OPENBGPD} to a peer without four-octet AS numbers`,
    session: EXTERNAL_TWO_OCTET,
    body: `0000 0027 40010100 4002080203fbf4fded5ba0 4003047f000305 e0110e02030000fbf40000fdedfa56ea09 100a01`,
    announced: [
      {
        ...ROUTE,
        prefix: '10.1.0.0/16',
        nextHop: '127.0.3.5',
        localPref: null,
        asPath: [64500, 65005, 4200000009],
      },
    ],
  },
  {
    ...NOTHING,
    name: 'a reflected IPv6 route, MP_REACH_NLRI last',
    provenance: `${OPENBGPD}, route-reflector 192.0.2.250`,
    session: INTERNAL,
    body: `0000 003c 40010100 400200 40050400000064 800904c0000205 800a04c00002fa
      900e001c0002011020010db8000000000000000000000005 00 3020010db80005`,
    announced: [{ ...ROUTE, ...REFLECTED, prefix: '2001:db8:5::/48', nextHop: '2001:db8::5' }],
  },
  {
    ...NOTHING,
    name: 'path identifiers that use all four octets',
    provenance: `${OPENBGPD}, announce add-path send all`,
    session: INTERNAL_ADD_PATH,
    body: `0000 0015 40010100 400200 400304c0000201 40050400000064 a7126194 00 a7126194 19cb007180`,
    announced: [
      { ...ROUTE, prefix: '0.0.0.0/0', nextHop: '192.0.2.1', pathId: 0xa7126194 },
      { ...ROUTE, prefix: '203.0.113.128/25', nextHop: '192.0.2.1', pathId: 0xa7126194 },
    ],
  },
  {
    ...NOTHING,
    name: 'a withdrawal with a path identifier of four octets',
    provenance: `${OPENBGPD}, announce add-path send all`,
    session: INTERNAL_ADD_PATH,
    body: '0007 192f47f0 100a01 0000',
    withdrawn: ['10.1.0.0/16#422529008'],
  },
];

const EXABGP_VECTORS: readonly UpdateVector[] = [
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

/** Written field by field from the figures of the RFCs, where no daemon at hand sends the form. */
const RFC_VECTORS: readonly UpdateVector[] = [
  {
    ...NOTHING,
    name: 'withdrawals and announcements in one UPDATE, trailing bits of a prefix set',
    provenance: 'RFC 4271 §4.3: trailing bits are irrelevant',
    session: INTERNAL,
    body: '0006 080b 180a0203 0015 40010100 400200 400304c0000201 40050400000064 0cac1f 14c63364',
    announced: [
      { ...ROUTE, prefix: '172.16.0.0/12', nextHop: '192.0.2.1' },
      { ...ROUTE, prefix: '198.51.96.0/20', nextHop: '192.0.2.1' },
    ],
    withdrawn: ['11.0.0.0/8', '10.2.3.0/24'],
  },
  {
    ...NOTHING,
    name: 'IPv4 unicast in MP_REACH_NLRI and MP_UNREACH_NLRI',
    provenance: 'RFC 4760 §3, §4 with AFI 1',
    session: INTERNAL,
    body: `0000 0028 800e0d 000101 04c0000201 00 18c63364 800f07 000101 18cb0071
      40010100 400200 40050400000064`,
    announced: [{ ...ROUTE, prefix: '198.51.100.0/24', nextHop: '192.0.2.1' }],
    withdrawn: ['203.0.113.0/24'],
  },
];

export const UPDATE_VECTORS: readonly UpdateVector[] = [
  ...BIRD_VECTORS,
  ...FRR_VECTORS,
  ...GOBGP_VECTORS,
  ...OPENBGPD_VECTORS,
  ...EXABGP_VECTORS,
  ...RFC_VECTORS,
];
