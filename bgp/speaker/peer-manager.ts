/**
 * All peers of the speaker: makes the configured ones what the configuration says, as a difference, and finds
 * the peer that an accepted connection belongs to.
 */
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { canonicalAddress, isLinkLocal, splitZone } from '../net/index.ts';
import { cease, type Notification } from '../packet/notification.ts';
import { encodeNotification } from '../packet/notification-codec.ts';
import type { SessionSlot } from '../rib/rib-port.ts';
import { Admission, type SpeakerLimits } from './admission.ts';
import type { SpeakerContext } from './connection-driver.ts';
import { DynamicPeers } from './dynamic-peers.ts';
import { goodbye } from './graceful-restart.ts';
import { Handover } from './handover.ts';
import { InterfaceAddresses } from './interface-addresses.ts';
import { ListenRanges } from './listen-ranges.ts';
import { matchSessions, transportKey } from './match-sessions.ts';
import { PeerDriver, type PeerListener } from './peer-driver.ts';
import {
  configuredSettings,
  dynamicSettings,
  type PeerAddress,
  type SessionSettings,
  scopedAddress,
  securityOf,
} from './session-settings.ts';
import { fileDescriptor, protectAccepted } from './socket/socket-security.ts';
import type { Logger } from './speaker-api.ts';
import type { DynamicNeighborConfig, SpeakerConfig } from './speaker-config.ts';
import type { RefusedReason } from './speaker-status.ts';

/** A client that has said nothing for so long gives way to another where a range is full. */
const SILENT_MS = 10_000;
const QUIET_MS = 60_000;

export interface PeerManagerOptions {
  readonly limits: SpeakerLimits;
  readonly context: SpeakerContext;
  readonly logger: Logger;
  readonly listener: PeerListener;
  /** The peer is configured no more, or was a client and is forgotten. */
  readonly onGone: (peer: PeerDriver) => void;
}

export class PeerManager {
  readonly #options: PeerManagerOptions;
  readonly #dynamic: DynamicPeers;
  readonly #interfaces: InterfaceAddresses;
  readonly #admission: Admission;
  readonly #handover: Handover;
  #configured: PeerDriver[] = [];
  /** Configured no more, but for a while they stay. */
  readonly #leaving = new Set<PeerDriver>();
  /** Configured peers by canonical address; several may share one (other port, other local address). */
  #byAddress = new Map<string, PeerDriver[]>();
  #byName = new Map<string, PeerDriver>();
  #ranges = new ListenRanges([]);
  #config: SpeakerConfig | null = null;
  /** Until then nobody is told again that descriptors run out. */
  #quietUntil = 0;

  constructor(options: PeerManagerOptions) {
    this.#options = options;
    this.#dynamic = new DynamicPeers(options.context.clock);
    this.#interfaces = new InterfaceAddresses(options.context.clock);
    this.#admission = new Admission(options.context.clock, options.limits);
    this.#handover = new Handover({
      clock: options.context.clock,
      hasSoleRoutes: (peers) => options.context.rib.hasSoleRoutes(slotsOf(peers)),
    });
  }

  configured(): readonly PeerDriver[] {
    return this.#configured;
  }

  /** Configured peers in the order of the configuration, then those that leave, then clients in the order of their coming. */
  all(): readonly PeerDriver[] {
    return [...this.#configured, ...this.#leaving, ...this.#dynamic.all()];
  }

  find(name: string): PeerDriver | null {
    const configured = this.#byName.get(name);
    if (configured !== undefined) return configured;
    const leaving = [...this.#leaving].find((peer) => peer.settings.name === name);
    return leaving ?? this.#dynamic.find(name);
  }

  apply(config: SpeakerConfig): void {
    const dynamic = keepUnchanged(this.#config?.dynamic ?? [], config.dynamic);
    this.#config = { ...config, dynamic };
    this.#ranges = new ListenRanges(dynamic);
    this.#dynamic.onConfigured();
    const gone = this.#handover.setNodes(config.clusterNodes ?? []);
    for (const peer of this.all()) if (gone.has(peer.settings.address)) peer.forgetRoutes();
    this.#applyConfigured(config);
    for (const peer of [...this.#dynamic.all()]) this.#reconsider(peer, config);
  }

  /** Nothing is left of a session that was kept for a while. */
  onSessionDown(peer: PeerDriver): void {
    this.#handover.onSessionDown(peer);
  }

  /** A client's last connection ended. One that is disabled is remembered until it is enabled. */
  onRest(peer: PeerDriver): void {
    if (peer.settings.kind === 'dynamic') this.#dynamic.onEnded(peer, peer.isDisabled);
  }

  /** Ends the session and lets nobody in until the peer is enabled. */
  disable(peer: PeerDriver, notification: Notification): void {
    peer.disable(notification);
    if (this.#dynamic.hasEnded(peer)) this.#dynamic.onEnded(peer, true);
  }

  /** Lets a disabled peer come up again. */
  enable(peer: PeerDriver): void {
    peer.enable();
    if (this.#dynamic.hasEnded(peer)) this.#dynamic.onEnded(peer, false);
  }

  /** `socket` is paused; it goes to its peer, or is closed. */
  accept(socket: Socket): void {
    const from = remoteAddress(socket);
    const config = this.#config;
    if (from === null || config === null) {
      socket.destroy();
      return;
    }
    const configured = this.#configuredFor(from, socket);
    const fd = fileDescriptor(socket);
    const refusal = this.#admission.refusal(scopedText(from), configured !== null, fd);
    if (refusal !== null) this.#refuse(socket, from, configured?.settings.neighbor ?? null, refusal);
    else if (configured !== null) this.#acceptConfigured(socket, from, configured);
    else this.#acceptClient(socket, from, config);
  }

  /** Ends every session; nothing starts by itself any more. */
  close(notification: Notification): void {
    this.#handover.close();
    for (const peer of this.all()) {
      peer.stop(goodbye(notification, peer.session));
      peer.forgetRoutes();
    }
    this.#dynamic.close();
  }

  #applyConfigured(config: SpeakerConfig): void {
    const wanted = this.#wantedSettings(config);
    const kept = new Map(
      [...matchSessions(this.#configured, wanted)].filter(([settings, peer]) =>
        this.#handover.mayBecome(peer, settings),
      ),
    );
    const survivors = new Set(kept.values());
    const retired = this.#configured.filter((peer) => !survivors.has(peer));

    const added: PeerDriver[] = [];
    this.#configured = wanted.map((settings) => {
      const peer = kept.get(settings) ?? this.#takeOver(settings);
      if (peer !== null) {
        this.#update(peer, settings);
        return peer;
      }
      const driver = this.#newDriver(settings);
      added.push(driver);
      return driver;
    });
    this.#byAddress = Map.groupBy(this.#configured, (peer) => peer.settings.address);
    this.#byName = new Map(this.#configured.map((peer) => [peer.settings.name, peer]));
    for (const peer of [...this.#leaving, ...retired]) this.#retire(peer, config);
    for (const peer of added) peer.start();
  }

  #update(peer: PeerDriver, wanted: SessionSettings): void {
    const settings = this.#handover.soften(peer, wanted);
    if (!isDeepStrictEqual(peer.settings, settings)) peer.update(settings);
  }

  /**
   * The peer that leaves, or the client, with which there is the wanted session already: it goes on, or is reset, as the
   * settings say. A client without a session goes: a configured peer beats any range.
   */
  #takeOver(settings: SessionSettings): PeerDriver | null {
    const key = transportKey(settings);
    for (const peer of this.#leaving) {
      if (transportKey(peer.settings) !== key) continue;
      this.#leaving.delete(peer);
      return peer;
    }
    const client = this.#dynamic.get(settings);
    if (client === null) return null;
    this.#dynamic.release(client);
    if (client.session !== null || client.isAway) return client;
    client.stop(cease.otherConfigurationChange());
    this.#options.onGone(client);
    return null;
  }

  #wantedSettings(config: SpeakerConfig): readonly SessionSettings[] {
    const wanted: SessionSettings[] = [];
    for (const peer of config.peers) {
      const address = canonicalAddress(peer.address);
      if (address === null) {
        this.#options.logger.error('peer without a valid address', {
          peer: peer.name,
          address: peer.address,
        });
      } else {
        wanted.push(configuredSettings(peer, address, config));
      }
    }
    return wanted;
  }

  /** A peer that is configured no more becomes a client, stays for a while, or goes. */
  #retire(peer: PeerDriver, config: SpeakerConfig): void {
    if (this.#becomesClient(peer, config)) return;
    this.#leaving.add(peer);
    this.#options.onGone(peer);
    const end = (): void => {
      this.#leaving.delete(peer);
      peer.stop(cease.peerDeconfigured()); // not for good: the other end may not know yet
      peer.forgetRoutes();
    };
    if (!this.#handover.leave(peer, end)) {
      this.#leaving.delete(peer);
      peer.end(cease.peerDeconfigured());
    } else if (this.#configured.some(({ settings }) => settings.name === peer.settings.name)) {
      const { settings } = peer;
      peer.update({ ...settings, name: `${settings.name}/${scopedAddress(settings)}` });
    }
  }

  /**
   * The session goes on as one of a range that holds its address and has room. Where it cannot, that of a node of the
   * cluster is reset; any other peer has gone (6/3), and may come back as a client.
   */
  #becomesClient(peer: PeerDriver, config: SpeakerConfig): boolean {
    const { address, interface: zone } = peer.settings;
    const neighbor = peer.session === null ? null : this.#ranges.find(address);
    if (neighbor === null || !this.#dynamic.hasRoom(neighbor.name, neighbor.maxSessions)) return false;
    const settings = dynamicSettings(neighbor, { address, zone: isLinkLocal(address) ? zone : null }, config);
    if (this.#dynamic.get(settings) !== null) return false;
    if (!peer.goesOn(settings) && !this.#handover.concerns(peer)) return false;
    this.#leaving.delete(peer);
    this.#dynamic.add(peer, settings);
    this.#update(peer, settings);
    return true;
  }

  /** The ranges have changed: the client stays, takes on the settings of another range, or goes. */
  #reconsider(client: PeerDriver, config: SpeakerConfig): void {
    const { address, interface: zone } = client.settings;
    const neighbor = this.#ranges.find(address);
    if (neighbor === null) {
      const end = (): void => {
        client.stop(cease.peerDeconfigured());
        client.forgetRoutes();
      };
      if (this.#handover.leave(client, end)) return;
      client.end(cease.peerDeconfigured());
      if (client.isDisabled) this.#dynamic.onEnded(client, false);
      return;
    }
    this.#update(
      client,
      dynamicSettings(neighbor, { address, zone: isLinkLocal(address) ? zone : null }, config),
    );
  }

  #configuredFor({ address, zone }: PeerAddress, socket: Socket): PeerDriver | null {
    const candidates = (this.#byAddress.get(address) ?? []).filter(
      ({ settings }) => settings.interface === null || zone === null || settings.interface === zone,
    );
    const local = canonicalAddress(splitZone(socket.localAddress ?? '').address);
    return (
      candidates.find(({ settings }) => settings.localAddress !== null && settings.localAddress === local) ??
      candidates.find(({ settings }) => settings.localAddress === null) ??
      null
    );
  }

  #acceptConfigured(socket: Socket, from: PeerAddress, peer: PeerDriver): void {
    const reason = refusalOf(peer) ?? letIn(socket, peer.settings);
    if (reason === null) peer.accept(socket);
    else this.#refuse(socket, from, null, reason, peer);
  }

  #acceptClient(socket: Socket, from: PeerAddress, config: SpeakerConfig): void {
    const neighbor = this.#ranges.find(from.address);
    if (neighbor === null) {
      this.#refuse(socket, from, null, 'outside-ranges');
      return;
    }
    const settings = dynamicSettings(neighbor, from, config);
    const reason = letIn(socket, settings);
    if (reason !== null) {
      this.#refuse(socket, from, neighbor.name, reason);
      return;
    }
    const known = this.#dynamic.get(settings);
    if (known?.isDisabled === true) {
      this.#refuse(socket, from, neighbor.name, 'disabled', known);
      return;
    }
    const isLive = known !== null && !this.#dynamic.hasEnded(known);
    const limit = isLive ? null : this.#reachedLimit(neighbor);
    if (limit !== null) {
      this.#refuse(socket, from, neighbor.name, limit);
      return;
    }
    const peer = known ?? this.#newDriver(settings);
    if (known === null) this.#dynamic.add(peer);
    this.#dynamic.onAccepted(peer);
    peer.accept(socket);
  }

  /** The limit that leaves no room for one more client of `neighbor`. A silent client makes room. */
  #reachedLimit(neighbor: DynamicNeighborConfig): RefusedReason | null {
    if (!this.#admission.hasRoom(this.#configured.length + this.#dynamic.liveCount)) return 'total-limit';
    if (this.#dynamic.isKnownFull(neighbor.name)) return 'session-limit';
    if (this.#dynamic.hasRoom(neighbor.name, neighbor.maxSessions)) return null;
    const before = new Date(this.#options.context.clock.wallTime().getTime() - SILENT_MS);
    const silent = this.#dynamic.silent(neighbor.name, before);
    if (silent === null) this.#dynamic.noteFull(neighbor.name);
    silent?.stop(cease.outOfResources());
    return silent === null ? 'session-limit' : null;
  }

  /** Closed without a word, except where RFC 4486 has one: beyond a session limit, and for a disabled peer. */
  #refuse(
    socket: Socket,
    from: PeerAddress,
    neighbor: string | null,
    reason: RefusedReason,
    peer: PeerDriver | null = null,
  ): void {
    const notification = LAST_WORDS[reason]?.() ?? null;
    const { context, listener, limits } = this.#options;
    context.closing.close(socket, notification === null ? null : encodeNotification(notification));
    if (notification !== null) peer?.record.noteRefusal(notification);
    const told = notification && { code: notification.code, subcode: notification.subcode };
    const whom = { address: scopedText(from), peer: peer?.settings.name ?? null, neighbor };
    listener.onPeerEvent({ kind: 'refused', ...whom, reason, notification: told });
    const now = context.clock.now();
    if (reason !== 'no-descriptors' || now < this.#quietUntil) return;
    this.#quietUntil = now + QUIET_MS;
    const text = `file descriptors run out, connections are refused: RLIMIT_NOFILE is ${limits.maxFileDescriptors}`;
    listener.onPeerEvent({ kind: 'problem', object: 'file descriptors', text });
  }

  #newDriver(settings: SessionSettings): PeerDriver {
    const { context, logger, listener } = this.#options;
    return new PeerDriver({
      settings,
      context,
      logger,
      listener,
      ownAddresses: () => this.#interfaces.with(this.#config ?? { listen: [], peers: [] }),
    });
  }
}

function slotsOf(peers: readonly PeerDriver[]): ReadonlySet<SessionSlot> {
  return new Set(peers.map(({ routesSlot }) => routesSlot).filter((slot) => slot !== null));
}

const LAST_WORDS: Readonly<Partial<Record<RefusedReason, () => Notification>>> = {
  'session-limit': cease.outOfResources,
  'total-limit': cease.outOfResources,
  disabled: cease.connectionRejected,
  damped: cease.connectionRejected,
};

/** Ranges that did not change keep their identity, so that thousands of clients compare them by reference. */
function keepUnchanged(
  running: readonly DynamicNeighborConfig[],
  wanted: readonly DynamicNeighborConfig[],
): readonly DynamicNeighborConfig[] {
  const byName = new Map(running.map((neighbor) => [neighbor.name, neighbor]));
  return wanted.map((neighbor) => {
    const known = byName.get(neighbor.name);
    return known !== undefined && isDeepStrictEqual(known, neighbor) ? known : neighbor;
  });
}

/** Why the peer itself is not welcome now, or null. */
function refusalOf(peer: PeerDriver): RefusedReason | null {
  if (peer.isDisabled) return 'disabled';
  if (peer.isDamped) return 'damped';
  return peer.unreachable === null ? null : 'not-connected';
}

/** Why the connection is not let in, or null; it has all its protections then. */
function letIn(socket: Socket, settings: SessionSettings): RefusedReason | null {
  return settings.held === null ? protectAccepted(socket, securityOf(settings)) : 'held';
}

/** Null when the peer has already gone. */
function remoteAddress(socket: Socket): PeerAddress | null {
  const from = splitZone(socket.remoteAddress ?? '');
  const address = canonicalAddress(from.address);
  return address === null ? null : { address, zone: from.zone };
}

function scopedText({ address, zone }: PeerAddress): string {
  return scopedAddress({ address, interface: zone });
}
