/** The OPEN that we send on a session, from its configuration. */
import type { Capability } from '../packet/capabilities/capability.ts';
import { afiSafiOf } from '../packet/capabilities/capability.ts';
import { roleCapability } from '../packet/capabilities/role.ts';
import { encodeOpen, type OpenMessage } from '../packet/open.ts';
import { NO_RESTART, type RestartState } from './graceful-restart.ts';
import type { SessionSettings } from './session-settings.ts';
import type { SessionConfig } from './speaker-config.ts';

/** The restart time is a field of twelve bits (RFC 4724 §3). */
const MAX_RESTART_TIME_SEC = 4095;

const EXTENDED_NEXT_HOP: Capability = {
  kind: 'extendedNextHop',
  entries: [{ ...afiSafiOf('ipv4'), nextHopAfi: afiSafiOf('ipv6').afi }],
};

/**
 * Offered: each configured family, route refresh with and without markers, extended messages, IPv6 next hops of IPv4, four-octet AS, ADD-PATH in both directions
 * for each family where wanted, and graceful restart: without families (RFC 4724 §3), so that the peer sends End-of-RIB
 * while we promise to keep nothing, unless this speaker's forwarding outlives it; and the role, where one is configured
 * (RFC 9234).
 * @param restart the same object as long as nothing about it changes
 */
export function ownOpen(settings: SessionSettings, restart: RestartState = NO_RESTART): OpenMessage {
  const { localAsn, routerId, config } = settings;
  const known = opens.get(config);
  if (known?.restart === restart && known.open.asn === localAsn && known.open.routerId === routerId) {
    return known.open;
  }
  const open = buildOpen(settings, restart);
  opens.set(config, { open, restart });
  return open;
}

/** The message as it goes on the wire. */
export function encodedOpen(open: OpenMessage): Uint8Array {
  const known = encodings.get(open);
  if (known !== undefined) return known;
  const bytes = encodeOpen(open);
  encodings.set(open, bytes);
  return bytes;
}

/** All clients of a range have the same configuration, and get the same OPEN: it is built and encoded once. */
const opens = new WeakMap<SessionConfig, { readonly open: OpenMessage; readonly restart: RestartState }>();
const encodings = new WeakMap<OpenMessage, Uint8Array>();

function buildOpen({ localAsn, routerId, config }: SessionSettings, restart: RestartState): OpenMessage {
  const families = config.families.map(afiSafiOf);
  const capabilities: Capability[] = [
    ...families.map((family): Capability => ({ kind: 'multiprotocol', ...family })),
    { kind: 'routeRefresh' },
    { kind: 'enhancedRouteRefresh' },
    { kind: 'extendedMessage' },
    ...(config.families.includes('ipv4') ? [EXTENDED_NEXT_HOP] : []),
    restartCapability(config, restart),
    { kind: 'fourOctetAs', asn: localAsn },
  ];
  if (config.addPath) {
    const entries = families.map((family) => ({ ...family, send: true, receive: true }));
    capabilities.push({ kind: 'addPath', entries });
  }
  if (config.role !== undefined) capabilities.push(roleCapability(config.role));
  return { asn: localAsn, holdTimeSec: config.holdTimeSec, routerId, capabilities };
}

/** RFC 4724 §3; N: NOTIFICATIONs need not end more than the session (RFC 8538 §2). */
function restartCapability(
  { families, gracefulRestartSec }: SessionConfig,
  { isOffered, isRestarting, preservesForwarding }: RestartState,
): Capability {
  const isPreserved = isOffered && gracefulRestartSec !== null;
  return {
    kind: 'gracefulRestart',
    restarting: isPreserved && isRestarting,
    notification: isPreserved,
    restartTimeSec: Math.min(gracefulRestartSec ?? 0, MAX_RESTART_TIME_SEC),
    entries: isPreserved
      ? families.map((family) => ({ ...afiSafiOf(family), forwardingPreserved: preservesForwarding }))
      : [],
  };
}
