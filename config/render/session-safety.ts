/**
 * What external sessions are protected from, beyond what BGP itself says: fields of a DynamicNeighbor, annotations
 * of a BGPPeer (whose fields are Calico's). Sessions of one AS are concerned by none of it.
 */
import type { BgpRole, SessionConfig } from '@manul/bgp';
import type { BgpPeer, DynamicNeighbor } from '../schema/resource-set.ts';
import { peerOption } from './annotations.ts';
import type { RenderContext } from './render-context.ts';

/** `own`: not what this node has itself. `strict`: nor a default route, pods', services' and nodes' prefixes. */
export type ImportProtection = 'strict' | 'own' | 'none';

export interface SessionSafety {
  readonly importProtection: ImportProtection;
  /** No policy, no routes (RFC 8212). */
  readonly requirePolicy: boolean;
  readonly role: BgpRole | null;
  readonly strictRole: boolean;
  readonly enforceFirstAs: boolean;
  /** The neighbor need not be on a subnet of ours (RFC 4271 §5.1.3). */
  readonly multihop: boolean;
}

/** As Calico: whatever comes is accepted, but for what the node has itself. */
export const CALICO_SAFETY: SessionSafety = {
  importProtection: 'own',
  requirePolicy: false,
  role: null,
  strictRole: false,
  enforceFirstAs: false,
  multihop: true,
};

export function peerSafety(context: RenderContext, peer: BgpPeer): SessionSafety {
  return {
    importProtection: peerOption(context, peer, 'import-protection') ?? CALICO_SAFETY.importProtection,
    requirePolicy: peerOption(context, peer, 'require-policy') === 'true',
    role: peerOption(context, peer, 'role'),
    strictRole: peerOption(context, peer, 'strict-role') === 'true',
    enforceFirstAs: peerOption(context, peer, 'enforce-first-as') === 'true',
    multihop: peerOption(context, peer, 'multihop') !== 'false',
  };
}

/** Strict unless said otherwise: the clients of a range are not known by name. */
export function neighborSafety({ spec }: DynamicNeighbor): SessionSafety {
  return {
    importProtection: spec.importProtection,
    requirePolicy: spec.requirePolicy,
    role: spec.role ?? null,
    strictRole: spec.strictRole,
    enforceFirstAs: spec.enforceFirstAs,
    multihop: true,
  };
}

/** The part that the speaker sees to itself; the rest is policy. */
export function safetyConfig(
  safety: SessionSafety,
): Pick<SessionConfig, 'role' | 'strictRole' | 'enforceFirstAs' | 'protectOwnPrefixes'> {
  return {
    ...(safety.role === null ? {} : { role: safety.role }),
    ...(safety.strictRole ? { strictRole: true } : {}),
    ...(safety.enforceFirstAs ? { enforceFirstAs: true } : {}),
    ...(safety.importProtection === 'none' ? { protectOwnPrefixes: false } : {}),
  };
}
