/** UPDATEs of GoBGP 3.10.0. */
import {
  EXTERNAL_TWO_OCTET,
  INTERNAL,
  INTERNAL_ADD_PATH,
  NO_EXPORT,
  NOTHING,
  ROUTE,
  type UpdateVector,
} from './update-vector.ts';

const GOBGP = 'GoBGP 3.10.0';

export const GOBGP_VECTORS: readonly UpdateVector[] = [
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
