import { INTERNAL, NOTHING, ROUTE, type UpdateVector } from './update-vector.ts';

/** Written field by field from the figures of the RFCs, where no daemon at hand sends the form. */
export const RFC_VECTORS: readonly UpdateVector[] = [
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
