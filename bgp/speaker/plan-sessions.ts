/** What applying another configuration does to sessions: the rules of `apply`, without running anything. */
import { isDeepStrictEqual } from 'node:util';
import { canonicalAddress } from '../net/index.ts';
import { matchSessions } from './match-sessions.ts';
import {
  acceptsAsn,
  configuredSettings,
  dynamicSettings,
  hasSameWireParameters,
  type SessionSettings,
  type SpeakerIdentity,
} from './session-settings.ts';
import type { DynamicNeighborConfig, PeerConfig, SpeakerConfig } from './speaker-config.ts';

export type SessionChange =
  | { readonly change: 'added'; readonly after: PeerConfig }
  | { readonly change: 'removed'; readonly before: PeerConfig }
  /** `reset`: the session ends and comes back; `changed`: it goes on with other options. */
  | { readonly change: 'reset' | 'changed'; readonly before: PeerConfig; readonly after: PeerConfig };

interface Peer {
  readonly config: PeerConfig;
  readonly settings: SessionSettings;
}

/** Sessions that differ; those that stay as they are do not appear. */
export function planSessions(before: SpeakerConfig, after: SpeakerConfig): readonly SessionChange[] {
  const running = peersOf(before);
  const wanted = peersOf(after);
  const matched = matchSessions(
    running,
    wanted.map(({ settings }) => settings),
  );
  const kept = new Set(matched.values());
  const removed = running.filter((peer) => !kept.has(peer));
  return [
    ...removed.map((peer): SessionChange => ({ change: 'removed', before: peer.config })),
    ...wanted.flatMap((peer) => changesOf(matched.get(peer.settings), peer)),
  ];
}

/** Whom a range accepts, and as whom. */
export interface PlannedRange {
  readonly neighbor: DynamicNeighborConfig;
  readonly identity: SpeakerIdentity;
}

/** Do the clients of a range that it goes on to accept lose their sessions, because their OPEN or transport changes? */
export function resetsClients(before: PlannedRange, after: PlannedRange): boolean {
  const [old, fresh] = [before, after].map(({ neighbor, identity }) =>
    dynamicSettings(neighbor, ANY_CLIENT, identity),
  );
  return !hasSameWireParameters(old!, fresh!);
}

const ANY_CLIENT = { address: '0.0.0.0', zone: null };

function changesOf(before: Peer | undefined, after: Peer): readonly SessionChange[] {
  if (before === undefined) return [{ change: 'added', after: after.config }];
  if (isDeepStrictEqual(before.settings, after.settings)) return [];
  const isReset =
    !acceptsAsn(after.settings, before.config.asn) || !hasSameWireParameters(before.settings, after.settings);
  return [{ change: isReset ? 'reset' : 'changed', before: before.config, after: after.config }];
}

function peersOf(config: SpeakerConfig): Peer[] {
  return config.peers.map((peer) => {
    const address = canonicalAddress(peer.address) ?? peer.address;
    return { config: peer, settings: configuredSettings(peer, address, config) };
  });
}
