/** Everything that decides what the members of one update group are sent: the same for all of them. */
import { type Family, parseAddress } from '../net/index.ts';
import type { PolicyConfig } from '../policy/policy-config.ts';
import type { RibSession } from '../rib/rib-port.ts';
import type { NextHopMode } from '../speaker/speaker-config.ts';

export interface ExportContext {
  readonly family: Family;
  readonly isInternal: boolean;
  readonly isClient: boolean;
  readonly localAsn: number;
  readonly fourOctetAs: boolean;
  readonly addPath: boolean;
  readonly maxMessageBytes: number;
  readonly nextHop: NextHopMode;
  /** Our own next hop in the family, or null when this session has none. */
  readonly ownNextHop: Uint8Array | null;
  readonly policy: PolicyConfig;
}

/** The context of a session in one of its families. */
export function exportContext(session: RibSession, family: Family): ExportContext {
  const local = parseAddress(session.localAddress);
  const isOwnTransport = local !== null && (local.length === 4) === (family === 'ipv4');
  const other =
    session.localAddressOtherFamily === null ? null : parseAddress(session.localAddressOtherFamily);
  return {
    family,
    isInternal: session.peerAsn === session.localAsn,
    isClient: session.routeReflectorClient,
    localAsn: session.localAsn,
    fourOctetAs: session.fourOctetAs,
    addPath: session.addPathSend.includes(family),
    maxMessageBytes: session.maxMessageBytes,
    nextHop: session.nextHop,
    ownNextHop: isOwnTransport ? local : other,
    policy: session.exportPolicy,
  };
}

/** True when routes leave with the same next hops: only then what members hold already stays as it is. */
export function hasSameNextHops(a: ExportContext, b: ExportContext): boolean {
  return a.nextHop === b.nextHop && String(a.ownNextHop) === String(b.ownNextHop);
}

/**
 * Key of the update group: sessions with equal keys receive equal octets. The ingredients are all of
 * `ExportContext`: 1 family, 2 internal or external, 3 reflection client, 4 our AS number, 5 width of AS
 * numbers, 6 path identifiers, 7 message limit, 8 next hop mode, 9 our own next hop, 10 export policy.
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
    context.nextHop,
    context.ownNextHop === null ? null : Array.from(context.ownNextHop),
    policyText(context.policy),
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
