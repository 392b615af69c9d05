/** All sessions with known neighbors: mesh and BGPPeers, settled, named, and with their policies. */
import { meansNothing, PEER_OPTIONS } from '../schema/option-annotations.ts';
import { optionField } from './annotations.ts';
import { bgpPeerSessions } from './bgp-peer-sessions.ts';
import { warnOfMissingFilters } from './filter-terms.ts';
import { meshSessions } from './mesh.ts';
import type { Password } from './passwords.ts';
import type { PolicyBook, SessionPolicies } from './policies.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedPeer } from './rendered-node.ts';
import { HOLD_TIME_SEC, type SessionDraft } from './session-draft.ts';
import type { SessionSafety } from './session-safety.ts';
import { type NamedSession, settleSessions } from './settle-sessions.ts';

export interface PeerPlan {
  readonly rendered: RenderedPeer;
  readonly password: Password;
  /** Interface that its connections are bound to, or null. */
  readonly boundTo: string | null;
  readonly policies: SessionPolicies;
  readonly safety: SessionSafety;
}

export function peerPlans(context: RenderContext, book: PolicyBook): PeerPlan[] {
  const sessions = settleSessions([...bgpPeerSessions(context), ...meshSessions(context)]);
  return sessions.map((session) => plan(context, book, session));
}

function plan(context: RenderContext, book: PolicyBook, { name, draft }: NamedSession): PeerPlan {
  const password = effectivePassword(context, draft);
  const misnamed = misnamedInterface(draft);
  if (misnamed !== null) context.warnings.add(draft.resource, optionField('interface'), misnamed);
  const policies = book.configured(draft.filters, draft.families, draft.safety);
  warnOfMissingFilters(context, draft.resource, draft.filters);
  return {
    password,
    boundTo: draft.boundTo,
    policies,
    safety: draft.safety,
    rendered: {
      name,
      kind: draft.kind,
      address: draft.address,
      port: draft.port,
      asn: draft.asn,
      localAsn: draft.localAsn,
      localAddress: draft.localAddress,
      passive: draft.passive,
      routeReflectorClient: isReflectorClient(context, draft),
      nextHop: draft.nextHop,
      families: draft.families,
      password: password.key !== null,
      held: password.held ?? (misnamed === null ? null : `manul.dev/interface ${misnamed}`),
      holdTime: HOLD_TIME_SEC,
      keepalive: draft.keepaliveSec,
      gracefulRestart: draft.gracefulRestartSec,
      ttlSecurity: draft.ttlSecurity,
      allowOwnAs: draft.allowOwnAs,
      reachableBy: draft.reachableBy,
      ...draft.prefixLimit,
      importFilters: policies.importFilters,
      exportFilters: policies.exportFilters,
      resource: draft.resource,
    },
  };
}

/** A session that cannot be bound as it should be is held: never over any other interface. */
function misnamedInterface({ boundTo }: SessionDraft): string | null {
  if (boundTo === null || PEER_OPTIONS.interface.parse(boundTo) !== null) return null;
  return meansNothing(boundTo, PEER_OPTIONS.interface);
}

/** Every iBGP neighbor of a reflector is a client, unless it is known to share its cluster ID. */
function isReflectorClient({ self }: RenderContext, draft: SessionDraft): boolean {
  if (self.clusterId === null || draft.asn !== draft.localAsn) return false;
  return draft.remoteClusterId !== self.clusterId;
}

/** Calico runs a session without the key that it cannot find; here only who asks for it gets that. */
function effectivePassword(context: RenderContext, { kind, resource, password }: SessionDraft): Password {
  const { held } = password;
  if (held === null) return password;
  const connects = context.options.missingPassword === 'connect';
  const text = connects ? `${held}: the session runs without a key (--missing-password connect)` : held;
  if (kind === 'mesh') context.warnings.add('BGPConfiguration/default', 'spec.nodeMeshPassword', text);
  else context.warnings.add(resource, 'spec.password', text);
  return connects ? { key: null, held: null } : password;
}
