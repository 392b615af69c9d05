/** The rows of the matrix of interoperation, and why a daemon is missing in one. */
import type { FeatureRow } from './interop-matrix.ts';

export const INTEROP_FEATURES: readonly FeatureRow[] = [
  { feature: 'sessions, whoever dials; both families; resets', suite: 'daemons' },
  {
    feature: 'TCP MD5 (RFC 2385)',
    suite: 'security',
    part: 'TCP MD5',
  },
  { feature: 'TTL security (RFC 5082)', suite: 'security', part: 'TTL security' },
  { feature: 'ADD-PATH (RFC 7911)', suite: 'passed-on', part: 'ADD-PATH' },
  { feature: 'communities (RFC 1997)', suite: 'passed-on', part: 'RFC 1997' },
  { feature: 'extended communities (RFC 4360)', suite: 'passed-on', part: 'RFC 4360' },
  { feature: 'large communities (RFC 8092)', suite: 'passed-on', part: 'RFC 8092' },
  {
    feature: 'extended messages (RFC 8654)',
    suite: 'extended-message',
    without: {
      gobgp:
        'its configuration.md has no option for it, and `gobgp neighbor` lists ours as `UnknownCapability(6)`',
      openbgpd: 'bgpd.conf(5), NEIGHBORS AND GROUPS: the list of what `announce` takes has no word for it',
    },
  },
  {
    feature: 'route refresh (RFC 2918; 7313 with BIRD, FRR, OpenBGPD, ExaBGP)',
    suite: 'route-refresh',
  },
  {
    feature: 'two-octet AS numbers (RFC 6793)',
    suite: 'two-octet-as',
    without: { gobgp: 'its configuration.md has no option that leaves the capability out' },
  },
  { feature: 'external, over two hops', suite: 'multihop' },
  { feature: 'IPv6 transport', suite: 'ipv6-transport' },
  {
    feature: 'a link with link-local addresses alone (RFC 4007)',
    suite: 'link-local',
    without: {
      gobgp:
        'its configuration.md: `neighbor-address` is an address without an interface (unnumbered-bgp.md: `neighbor-interface` takes whom the kernel has seen there, and no address)',
      openbgpd:
        'bgpd.conf(5), NEIGHBORS AND GROUPS: a neighbor is an address or a prefix, without an interface',
      exabgp: 'exabgp.conf(5), CONFIGURATION FILE SYNTAX: `neighbor` takes an address without an interface',
    },
  },
  {
    feature: 'IPv4 with IPv6 next hops (RFC 8950)',
    suite: 'ipv6-transport',
    part: 'extended next hops: true',
    without: {
      openbgpd: 'bgpd.conf(5), NEIGHBORS AND GROUPS: the list of what `announce` takes has no word for it',
    },
  },
  {
    feature: 'limits of prefixes, ours and theirs (RFC 4486)',
    suite: 'max-prefix',
  },
  {
    feature: 'shutdown communication (RFC 9003)',
    suite: 'shutdown-communication',
    without: {
      exabgp:
        'the command `neighbor … teardown` of its API takes a subcode alone, no text (and 4.2 fails in its own code where it receives one)',
    },
  },
  { feature: 'reflection of all to all (RFC 4456)', suite: 'reflection' },
  {
    feature: 'two levels of reflectors, two on each, in loops (RFC 4456 §7, §8)',
    suite: 'hierarchy',
    without: {
      exabgp:
        'exabgp(1), DESCRIPTION: it injects routes and prints what it receives; it is a leaf of the hierarchy there',
    },
  },
  {
    feature: 'graceful restart, ours and theirs (RFC 4724)',
    suite: 'graceful-restart',
    without: {
      gobgp: 'it has graceful restart in both parts (graceful-restart.md); not tested',
      openbgpd:
        'bgpd.conf(5), `announce restart`: no family is offered, so there is nothing to keep; its part as a helper is not tested',
      exabgp: 'it keeps no routes of others, and its own end with it; not tested',
    },
  },
];
