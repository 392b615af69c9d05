/** UPDATEs of OpenBGPD 7.7. */
import {
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

const OPENBGPD = 'OpenBGPD 7.7';

export const OPENBGPD_VECTORS: readonly UpdateVector[] = [
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
