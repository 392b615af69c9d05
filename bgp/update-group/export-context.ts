/** Everything that decides what the members of one update group are sent: the same for all of them. */
import { type Family, parseAddress } from '../net/index.ts';
import { ColumnFlag } from '../packet/attributes/attribute-columns.ts';
import type { BgpRole } from '../packet/capabilities/role.ts';
import type { PolicyConfig } from '../policy/policy-config.ts';
import type { RibSession } from '../rib/rib-port.ts';
import type { DrainState, NextHopMode } from '../speaker/speaker-config.ts';

export interface ExportContext {
  readonly family: Family;
  readonly isInternal: boolean;
  readonly isClient: boolean;
  readonly localAsn: number;
  readonly fourOctetAs: boolean;
  readonly addPath: boolean;
  readonly maxMessageBytes: number;
  /** IPv6 next hops are fine: always with IPv6 routes, by RFC 8950 with IPv4 ones. */
  readonly ipv6NextHop: boolean;
  readonly nextHop: NextHopMode;
  /** Our own next hop in the family, or null when this session has none. */
  readonly ownNextHop: Uint8Array | null;
  readonly policy: PolicyConfig;
  /** Ours towards an external neighbor (RFC 9234), or null. */
  readonly role: BgpRole | null;
  readonly drain: DrainState;
  /** `ColumnFlag` bits of routes that never go to the session. */
  readonly forbidden: number;
}

/** The context of a session in one of its families. */
export function exportContext(
  session: RibSession,
  family: Family,
  drain: DrainState = 'none',
): ExportContext {
  const isInternal = session.peerAsn === session.localAsn;
  const role = isInternal ? null : (session.role ?? null);
  return {
    family,
    isInternal,
    isClient: session.routeReflectorClient,
    localAsn: session.localAsn,
    fourOctetAs: session.fourOctetAs,
    addPath: session.addPathSend.includes(family),
    maxMessageBytes: session.maxMessageBytes,
    ipv6NextHop: family === 'ipv6' || session.extendedNextHop,
    nextHop: session.nextHop,
    ownNextHop: ownNextHop(session, family),
    policy: session.exportPolicy,
    role,
    drain,
    forbidden: drain === 'withdrawn' ? EVERY_FLAG : forbiddenFlags(isInternal, role),
  };
}

/**
 * Our end of the transport where its family serves: that of the routes, or IPv6 for IPv4 routes where RFC 8950 was
 * negotiated, because such a peer may have no IPv4 address on the link. Else our address in the other family.
 */
function ownNextHop(session: RibSession, family: Family): Uint8Array | null {
  const local = parseAddress(session.localAddress);
  if (local?.length === 16 && (family === 'ipv6' || session.extendedNextHop)) {
    const global = parseAddress(session.link?.globalAddress ?? '');
    return global === null ? local : Uint8Array.of(...global, ...local); // RFC 2545 §3
  }
  if (local?.length === 4 && family === 'ipv4') return local;
  return session.localAddressOtherFamily === null ? null : parseAddress(session.localAddressOtherFamily);
}

/** No route is without any flag: each has an ORIGIN. */
const EVERY_FLAG = -1;

/** RFC 1997; NOPEER towards a peer (RFC 3765 §2); what only customers may get (RFC 9234 §5, egress rule 2). */
function forbiddenFlags(isInternal: boolean, role: BgpRole | null): number {
  if (isInternal) return ColumnFlag.NoAdvertise;
  const external = ColumnFlag.NoAdvertise | ColumnFlag.NoExport | ColumnFlag.NoExportSubconfed;
  const peer = role === 'peer' ? ColumnFlag.NoPeer : 0;
  const goesUp = role === 'customer' || role === 'peer' || role === 'rs-client';
  return external | peer | (goesUp ? ColumnFlag.OnlyToCustomer : 0);
}

/** Routes leave with ONLY_TO_CUSTOMER (RFC 9234 §5, egress rule 1). */
export function addsOnlyToCustomer({ role }: ExportContext): boolean {
  return role === 'provider' || role === 'peer' || role === 'rs';
}

/** True when routes leave with the same attributes: only then what members hold already stays as it is. */
export function writesAlike(a: ExportContext, b: ExportContext): boolean {
  return (
    a.nextHop === b.nextHop &&
    String(a.ownNextHop) === String(b.ownNextHop) &&
    (a.drain === 'graceful') === (b.drain === 'graceful')
  );
}

/**
 * Key of the update group: sessions with equal keys receive equal octets. The ingredients are all of
 * `ExportContext`: 1 family, 2 internal or external, 3 reflection client, 4 our AS number, 5 width of AS
 * numbers, 6 path identifiers, 7 message limit, 8 IPv6 next hops, 9 next hop mode, 10 our own next hop, 11 export
 * policy, 12 role, 13 drain; what is forbidden follows from them.
 */
export function updateGroupKey(context: ExportContext): string {
  return JSON.stringify([
    context.family,
    context.isInternal,
    context.isClient,
    context.localAsn,
    context.fourOctetAs,
    context.addPath,
    context.maxMessageBytes,
    context.ipv6NextHop,
    context.nextHop,
    context.ownNextHop === null ? null : Array.from(context.ownNextHop),
    policyText(context.policy),
    context.role,
    context.drain,
  ]);
}

const policyTexts = new WeakMap<PolicyConfig, string>();

function policyText(policy: PolicyConfig): string {
  let text = policyTexts.get(policy);
  if (text === undefined) {
    text = JSON.stringify(policy);
    policyTexts.set(policy, text);
  }
  return text;
}
