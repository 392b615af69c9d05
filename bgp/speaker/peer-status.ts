/** What is told of a peer, from its driver and the RIB's counts. */
import { FAMILIES, type Family } from '../net/index.ts';
import type { Capability } from '../packet/capabilities/capability.ts';
import { capabilityCode, capabilityName, capabilityText } from '../packet/capabilities/registry.ts';
import type { OpenMessage } from '../packet/open.ts';
import type { RibView, SessionCounts } from '../rib/rib-view.ts';
import type { Attempt } from './attempt.ts';
import { likelyCause } from './likely-cause.ts';
import type { PeerDriver } from './peer-driver.ts';
import { prefixWarning } from './rib-session.ts';
import { expectedAsn, scopedAddress } from './session-settings.ts';
import type { SessionConfig } from './speaker-config.ts';
import type {
  CapabilityStatus,
  FailedAttempt,
  FamilyCounts,
  PeerCounters,
  PeerDetail,
  PeerStatus,
} from './speaker-status.ts';

const NO_COUNTS: SessionCounts = { received: {}, accepted: {}, advertised: {} };

export function peerStatus(peer: PeerDriver, rib: RibView, now: Date): PeerStatus {
  const { settings, record, session, slot, connection } = peer;
  const isUp = record.state === 'Established';
  const families = session?.families ?? settings.config.families;
  const counts = slot === null ? NO_COUNTS : rib.sessionCounts(slot);
  return {
    name: settings.name,
    kind: settings.kind,
    address: scopedAddress(settings),
    port: settings.kind === 'dynamic' ? peer.lastRemotePort : settings.port,
    localAddress: connection?.localAddress ?? settings.localAddress,
    asn: session?.peerAsn ?? (expectedAsn(settings) || record.peerOpen?.asn || 0),
    localAsn: settings.localAsn,
    routerId: session?.peerRouterId ?? record.peerOpen?.routerId ?? null,
    state: record.state,
    since: record.since.toISOString(),
    uptimeSeconds: isUp ? Math.max(0, Math.floor((now.getTime() - record.since.getTime()) / 1000)) : 0,
    routeReflectorClient: settings.config.routeReflectorClient,
    families,
    received: withZeros(counts.received, families),
    accepted: withZeros(counts.accepted, families),
    advertised: withZeros(counts.advertised, families),
    flaps: record.flaps,
    lastError: record.lastError,
  };
}

export function peerCounters({ record }: PeerDriver): PeerCounters {
  const { sent, received } = record.counters;
  return {
    messages: { sent: sent.messages(), received: received.messages() },
    connectionFailures: record.connectionFailures,
    treatedAsWithdraw: record.treatedAsWithdraw,
    attributesDiscarded: record.attributesDiscarded,
  };
}

/** @param listenFailures why a listening socket is missing, one line each */
export function peerDetail(
  peer: PeerDriver,
  rib: RibView,
  now: Date,
  listenFailures: readonly string[],
): PeerDetail {
  const { settings, record, session } = peer;
  const isUp = record.state === 'Established';
  const { sent, received } = record.counters;
  const status = peerStatus(peer, rib, now);
  return {
    ...status,
    neighbor: settings.neighbor,
    passive: settings.passive,
    held: peer.held,
    nextHop: settings.config.nextHop,
    holdTimeSeconds: session?.holdTimeSec ?? settings.config.holdTimeSec,
    keepaliveSeconds: session?.keepaliveSec ?? settings.config.keepaliveSec,
    capabilities: {
      sent: peer.ownOpen().capabilities.map(capabilityStatus),
      received: (record.peerOpen?.capabilities ?? []).map(capabilityStatus),
    },
    ...peerCounters(peer),
    bytes: { sent: sent.bytes, received: received.bytes },
    lastAttempt: isUp ? null : attemptStatus(record.attempt),
    likelyCause: likelyCause({
      settings,
      state: record.state,
      held: peer.held,
      attempt: record.attempt,
      listenFailures,
      drops: record.drops,
    }),
    lastSent: record.lastSent,
    lastReceived: record.lastReceived,
    hostName: capabilityOf(record.peerOpen, 'fqdn'),
    softwareVersion: capabilityOf(record.peerOpen, 'softwareVersion'),
    ...limits(settings.config, status.received),
    outputQueueBytes: peer.outputQueueBytes,
  };
}

function limits(
  config: SessionConfig,
  received: FamilyCounts,
): Pick<PeerDetail, 'maxPrefixes' | 'maxPrefixesWarning' | 'nearLimit'> {
  const { maxPrefixes } = config;
  if (maxPrefixes === null) return { maxPrefixes, maxPrefixesWarning: null, nearLimit: [] };
  const maxPrefixesWarning = prefixWarning(maxPrefixes, config);
  const nearLimit = FAMILIES.filter((family) => (received[family] ?? 0) >= maxPrefixesWarning);
  return { maxPrefixes, maxPrefixesWarning, nearLimit };
}

/** The readable value of a capability in the peer's OPEN, or null. */
function capabilityOf(open: OpenMessage | null, kind: 'fqdn' | 'softwareVersion'): string | null {
  const found = open?.capabilities.find((capability) => capability.kind === kind);
  return found === undefined ? null : capabilityText(found);
}

function attemptStatus(attempt: Attempt | null): FailedAttempt | null {
  if (attempt === null) return null;
  const { error, facts } = attempt;
  return { text: error.text, at: error.at, dialed: facts.dialed };
}

/** A count for every family of the session, so that a table has no holes. */
function withZeros(
  counts: Readonly<Partial<Record<Family, number>>>,
  families: readonly Family[],
): Readonly<Partial<Record<Family, number>>> {
  return Object.fromEntries(families.map((family) => [family, counts[family] ?? 0]));
}

function capabilityStatus(capability: Capability): CapabilityStatus {
  return {
    code: capabilityCode(capability),
    name: capabilityName(capability),
    value: capabilityText(capability),
  };
}
