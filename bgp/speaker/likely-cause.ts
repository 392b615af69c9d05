/**
 * Why there is no session with a peer, as far as can be told from this end: from how the last connection failed and
 * from what the kernel dropped meanwhile. A guess in words for the operator; nothing is decided by it.
 */
import { CeaseSubcode, ErrorCode, OpenSubcode } from '../packet/iana.ts';
import { type Attempt, hasNotification } from './attempt.ts';
import { expectedAsn, type SessionSettings, scopedAddress } from './session-settings.ts';
import type { DroppedSegments } from './socket/kernel-counters.ts';
import { minimumTtl } from './socket/socket-security.ts';
import type { FailureKind, SessionError, SessionState } from './speaker-status.ts';

export interface Situation {
  readonly settings: SessionSettings;
  readonly state: SessionState;
  readonly held: string | null;
  readonly attempt: Attempt | null;
  /** Why a listening socket is missing. */
  readonly listenFailures: readonly string[];
  /** What the kernel has dropped since the present state was entered. */
  readonly drops: DroppedSegments;
}

/** Null: the session is up or held, or nothing has failed yet. */
export function likelyCause(situation: Situation): string | null {
  const { settings, state, held, attempt, listenFailures } = situation;
  if (state === 'Established' || held !== null) return null;
  const [deaf] = listenFailures;
  if (settings.passive && deaf !== undefined) return `the peer is to dial, but we ${deaf}${ANOTHER_SPEAKER}`;
  const isWaiting = settings.passive && state === 'Active';
  const traces = tracesOf(settings, isWaiting || attempt === null ? situation.drops : attempt.drops);
  if (attempt === null) return traces === '' ? null : `no connection of the peer gets through; ${traces}`;
  const cause = causeOf(settings, attempt);
  return traces === '' ? cause : `${cause}; ${traces}`;
}

const ANOTHER_SPEAKER = ' (does another BGP speaker run on this node?)';

/** In which counter a failure without a NOTIFICATION belongs. */
export function failureKind({
  reason,
  facts: { errorCode },
}: Pick<Attempt, 'reason' | 'facts'>): FailureKind {
  if (reason.kind === 'connectTimedOut') return 'timeout';
  if (errorCode === null) return reason.kind === 'connectionLost' ? 'closed' : 'other';
  return KIND_OF_ERROR[errorCode] ?? 'other';
}

const KIND_OF_ERROR: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
};

function causeOf(settings: SessionSettings, attempt: Attempt): string {
  if (hasNotification(attempt.reason, attempt.error))
    return notificationCause(settings, attempt.error, attempt.facts.heardOpen);
  if (attempt.wasEstablished)
    return 'the connection broke without a NOTIFICATION: the peer, or the way to it, went down';
  if (attempt.wasConnected) return connectedCause(settings, attempt);
  return dialCause(settings, attempt);
}

function dialCause(settings: SessionSettings, { error, reason, facts, drops }: Attempt): string {
  const target = `${scopedAddress(settings)} port ${settings.port}`;
  if (reason.kind === 'connectTimedOut' || facts.errorCode === 'ETIMEDOUT')
    return silenceCause(settings, target, drops);
  switch (facts.errorCode) {
    case 'ECONNREFUSED':
      return `nothing listens on ${target}: the peer's BGP daemon is down, or listens elsewhere`;
    case 'EHOSTUNREACH':
      return `${settings.address} does not answer on its link, or a router on the way refuses`;
    case 'ENETUNREACH':
      return `this node has no route to ${settings.address}`;
    case 'EADDRNOTAVAIL':
      return `${settings.localAddress ?? 'our source address'} is no address of this node`;
    case 'ENODEV':
      return `this node has no interface ${settings.interface ?? ''}`;
    case 'EMFILE':
    case 'ENFILE':
      return 'this process has no file descriptor left: raise RLIMIT_NOFILE';
    case 'EACCES':
    case 'EPERM':
      return 'a firewall of this node, or missing privileges, forbid the connection';
    default:
      return error.text;
  }
}

/** With a key or TTL security the kernel of the other end drops what it dislikes, and never says so. */
function silenceCause({ config }: SessionSettings, target: string, drops: DroppedSegments): string {
  const others = 'or a firewall drops the connection, or the host is down';
  if (config.password !== null && drops.unsigned > 0) {
    return `${target} answers without a signature: nothing listens there, or it has no TCP MD5 key for us`;
  }
  if (config.password !== null) {
    return `${target} does not answer: it has no TCP MD5 key for us, or another one, ${others}`;
  }
  if (config.ttlSecurity !== null) {
    const hops = config.ttlSecurity === 1 ? 'one hop' : `${config.ttlSecurity} hops`;
    return `${target} does not answer: it is more than ${hops} away or does not send with TTL 255, ${others}`;
  }
  return `${target} does not answer: it wants a TCP MD5 key that is not configured here, ${others}`;
}

function connectedCause(settings: SessionSettings, { facts }: Attempt): string {
  if (facts.heardOpen) return 'the peer closed the connection after the OPENs without saying why';
  const { port } = settings;
  const source = facts.dialed ? `port ${port} of the peer` : 'the peer';
  return `${source} closed the connection before its OPEN: it has no neighbor with our address and AS ${settings.localAsn} configured, or something else than BGP answers there`;
}

/** The other end's words, read for the person who has to repair it. */
function notificationCause(settings: SessionSettings, error: SessionError, heardOpen: boolean): string {
  const { code, subcode, direction, text } = error;
  const isReceived = direction === 'received';
  if (code === ErrorCode.OpenMessage && subcode === OpenSubcode.BadPeerAs) {
    return isReceived
      ? `the peer expects another AS number of us than ${settings.localAsn}`
      : `the peer has another AS number than ${expectedAsn(settings) || 'those of the range'} configured here: ${text}`;
  }
  if (code === ErrorCode.OpenMessage && subcode === OpenSubcode.BadBgpIdentifier) {
    return `both ends have the router ID ${settings.routerId}, or the connection reached another speaker on our own node`;
  }
  if (code === ErrorCode.HoldTimerExpired && !heardOpen) {
    return isReceived
      ? 'our OPEN did not reach the peer in time'
      : 'the peer took the connection and sent no OPEN: something else than BGP may answer there';
  }
  if (code === ErrorCode.MessageHeader && !heardOpen && !isReceived)
    return 'what answers there does not speak BGP';
  if (code === ErrorCode.Cease && isReceived)
    return CAUSE_OF_CEASE[subcode] ?? `the peer ended the session: ${text}`;
  if (code === ErrorCode.Cease && subcode === CeaseSubcode.MaximumPrefixes) return prefixLimitCause(settings);
  return `${isReceived ? 'the peer refused' : 'we refused'}: ${text}`;
}

function prefixLimitCause({ name, prefixLimitHoldMs, config }: SessionSettings): string {
  const command = `manul peer reset ${name}`;
  const returns = {
    never: `it may come back after "${command}"`,
    atOnce: 'it may come back at once',
    later: `it may come back after ${(prefixLimitHoldMs ?? 0) / 1000} s at most, or after "${command}"`,
  }[prefixLimitHoldMs === null ? 'never' : prefixLimitHoldMs === 0 ? 'atOnce' : 'later'];
  const limit = config.maxPrefixes === null ? '' : ` of ${config.maxPrefixes}`;
  return `the peer announced more prefixes than its limit${limit}; ${returns}`;
}

const CAUSE_OF_CEASE: Readonly<Record<number, string>> = {
  [CeaseSubcode.AdministrativeShutdown]: "the peer's operator has shut the session down",
  [CeaseSubcode.PeerDeconfigured]: 'the peer has us configured no more',
  [CeaseSubcode.ConnectionRejected]:
    'the peer has no neighbor with our address configured, or does not want it now',
  [CeaseSubcode.MaximumPrefixes]: 'we sent the peer more prefixes than it accepts',
  [CeaseSubcode.OutOfResources]: 'the peer has as many sessions as it takes',
};

/** What the kernel dropped while the connection was tried; of the whole node, so a hint and no more. */
function tracesOf({ config }: SessionSettings, drops: DroppedSegments): string {
  const { password, ttlSecurity } = config;
  const texts: string[] = [];
  if (password !== null) {
    texts.push(...segments(drops.wronglySigned, 'signed with another key'));
    texts.push(...segments(drops.unsigned, 'without a signature'));
  } else {
    texts.push(...segments(drops.unexpectedlySigned, 'signed although no key is configured'));
  }
  if (ttlSecurity !== null)
    texts.push(...segments(drops.lowTtl, `with a TTL below ${minimumTtl(ttlSecurity)}`));
  return texts.length === 0 ? '' : `meanwhile this node dropped ${texts.join(', ')}`;
}

function segments(count: number, which: string): readonly string[] {
  return count <= 0 ? [] : [`${count} ${count === 1 ? 'segment' : 'segments'} ${which}`];
}
