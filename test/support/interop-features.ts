/** The rows of the matrix of interoperation, and why a daemon is missing in one. */
import type { FeatureRow } from './interop-matrix.ts';

export const INTEROP_FEATURES: readonly FeatureRow[] = [
  { feature: 'sessions, whoever dials; both families; resets', suite: 'daemons' },
  {
    feature: 'TCP MD5 (RFC 2385)',
    suite: 'security',
    part: 'TCP MD5',
  },
  {
    feature: 'TTL security (RFC 5082)',
    suite: 'security',
    part: 'TTL security',
    without: {
      exabgp:
        'ExaBGP sets a TTL (`outgoing-ttl`, `incoming-ttl`), but in 4.2 demands none of what it receives',
    },
  },
  { feature: 'ADD-PATH (RFC 7911)', suite: 'passed-on', part: 'ADD-PATH' },
  { feature: 'communities (RFC 1997)', suite: 'passed-on', part: 'RFC 1997' },
  { feature: 'extended communities (RFC 4360)', suite: 'passed-on', part: 'RFC 4360' },
  { feature: 'large communities (RFC 8092)', suite: 'passed-on', part: 'RFC 8092' },
  {
    feature: 'extended messages (RFC 8654)',
    suite: 'extended-message',
    without: {
      gobgp: 'its OPEN offers no such capability, and nothing in its configuration does',
      openbgpd: 'bgpd.conf(5) of this version has no word for it under `announce`',
      exabgp: 'it offers the capability; not tested',
    },
  },
  {
    feature: 'route refresh (RFC 2918; 7313 with BIRD, FRR, OpenBGPD)',
    suite: 'route-refresh',
    without: { exabgp: 'ExaBGP 4.2 loses the session when it is asked, so it is run without' },
  },
  {
    feature: 'two-octet AS numbers (RFC 6793)',
    suite: 'two-octet-as',
    without: {
      frr: '`neighbor … dont-capability-negotiate` leaves out every capability, not this one alone; not tested',
      gobgp: 'its configuration cannot leave the capability out',
      openbgpd: 'bgpd.conf(5) has `announce as-4byte no`; not tested',
    },
  },
  { feature: 'external, over two hops', suite: 'multihop' },
  { feature: 'IPv6 transport', suite: 'ipv6-transport' },
  {
    feature: 'a link with link-local addresses alone (RFC 4007)',
    suite: 'link-local',
    without: {
      frr: 'it learns interfaces from zebra, without which it runs here',
      gobgp: 'its neighbors are addresses without an interface; not tested with unnumbered ones',
      openbgpd: 'bgpd.conf(5): a neighbor is an address or prefix; not tested',
      exabgp: 'its neighbors are addresses without an interface',
    },
  },
  {
    feature: 'IPv4 with IPv6 next hops (RFC 8950)',
    suite: 'ipv6-transport',
    part: 'extended next hops: true',
    without: {
      openbgpd: 'bgpd.conf(5) of this version has no word for it under `announce`',
      exabgp: 'its `nexthop` capability wants a next hop in each route; not tested',
    },
  },
  {
    feature: 'limits of prefixes, ours and theirs (RFC 4486)',
    suite: 'max-prefix',
  },
  {
    feature: 'shutdown communication (RFC 9003)',
    suite: 'shutdown-communication',
    without: { exabgp: 'ExaBGP neither sends such a text nor shows one (`teardown` takes a subcode alone)' },
  },
  { feature: 'reflection of all to all (RFC 4456)', suite: 'reflection' },
];
