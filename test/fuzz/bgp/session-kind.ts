/** The kinds of session on which cases arrive, as far as they decide what an UPDATE means. */
import type { Family } from '../../../bgp/net/index.ts';
import type { PolicyConfig } from '../../../bgp/policy/policy-config.ts';
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import { ribSession } from '../../bgp/routing/rib-sessions.ts';

const SENDER_AS = 64500;
const BOTH = ['ipv4', 'ipv6'] as const;

export interface SessionKind {
  readonly name: string;
  readonly isInternal: boolean;
  readonly fourOctetAs: boolean;
  readonly families: readonly Family[];
  readonly addPath: boolean;
  readonly extendedNextHop: boolean;
  readonly maxPrefixes: number | null;
}

const PLAIN: SessionKind = {
  name: 'internal',
  isInternal: true,
  fourOctetAs: true,
  families: BOTH,
  addPath: false,
  extendedNextHop: false,
  maxPrefixes: null,
};

export const SESSION_KINDS: readonly SessionKind[] = [
  PLAIN,
  { ...PLAIN, name: 'external', isInternal: false },
  { ...PLAIN, name: 'internal, two-octet AS', fourOctetAs: false },
  { ...PLAIN, name: 'external, two-octet AS', isInternal: false, fourOctetAs: false },
  { ...PLAIN, name: 'internal, ADD-PATH', addPath: true },
  { ...PLAIN, name: 'internal, IPv4 alone', families: ['ipv4'] },
  { ...PLAIN, name: 'external, IPv6 alone', isInternal: false, families: ['ipv6'] },
  { ...PLAIN, name: 'internal, extended next hop', extendedNextHop: true },
  { ...PLAIN, name: 'internal, at most 20 prefixes', maxPrefixes: 20 },
];

/** Nothing is sent back: the senders are there to send. */
const SEND_NOTHING: PolicyConfig = { name: 'nothing', terms: [], otherwise: 'reject' };

/** The session as the RIB is told of it. */
export function ribSessionOf(kind: SessionKind, number: number): RibSession {
  return ribSession(number, {
    peerAsn: SENDER_AS,
    localAsn: kind.isInternal ? SENDER_AS : 64999,
    routeReflectorClient: kind.isInternal,
    families: kind.families,
    fourOctetAs: kind.fourOctetAs,
    addPathReceive: kind.addPath ? kind.families : [],
    extendedNextHop: kind.extendedNextHop,
    maxPrefixes: kind.maxPrefixes,
    exportPolicy: SEND_NOTHING,
  });
}
