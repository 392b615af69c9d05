/**
 * All peers of the speaker: makes the configured ones what the configuration says, as a difference, and finds
 * the peer that an accepted connection belongs to.
 */
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { canonicalAddress } from '../net/index.ts';
import { cease, type Notification } from '../packet/notification.ts';
import { encodeNotification } from '../packet/notification-codec.ts';
import type { SpeakerContext } from './connection-driver.ts';
import { DynamicPeers } from './dynamic-peers.ts';
import { ListenRanges } from './listen-ranges.ts';
import { OtherFamilyAddresses } from './other-family-address.ts';
import { PeerDriver, type PeerListener } from './peer-driver.ts';
import { configuredSettings, dynamicSettings, type SessionSettings } from './session-settings.ts';
import type { Logger } from './speaker-api.ts';
import type { DynamicNeighborConfig, SpeakerConfig } from './speaker-config.ts';
import type { RefusedReason } from './speaker-status.ts';

export interface PeerManagerOptions {
  readonly context: SpeakerContext;
  readonly logger: Logger;
  readonly listener: PeerListener;
  /** The peer is configured no more, or was a client and is forgotten. */
  readonly onGone: (peer: PeerDriver) => void;
}

export class PeerManager {
  readonly #options: PeerManagerOptions;
  readonly #dynamic: DynamicPeers;
  readonly #otherFamily: OtherFamilyAddresses;
  #configured: PeerDriver[] = [];
  /** Configured peers by canonical address; several may share one (other port, other local address). */
  #byAddress = new Map<string, PeerDriver[]>();
  #ranges = new ListenRanges([]);
  #config: SpeakerConfig | null = null;

  constructor(options: PeerManagerOptions) {
    this.#options = options;
    this.#dynamic = new DynamicPeers(options.context.clock);
    this.#otherFamily = new OtherFamilyAddresses(options.context.clock);
  }

  configured(): readonly PeerDriver[] {
    return this.#configured;
  }

  /** Configured peers in the order of the configuration, then clients in the order of their coming. */
  all(): readonly PeerDriver[] {
    return [...this.#configured, ...this.#dynamic.all()];
  }

  find(name: string): PeerDriver | null {
    return this.all().find((peer) => peer.settings.name === name) ?? null;
  }

  apply(config: SpeakerConfig): void {
    const dynamic = keepUnchanged(this.#config?.dynamic ?? [], config.dynamic);
    this.#config = { ...config, dynamic };
    this.#ranges = new ListenRanges(dynamic);
    this.#applyConfigured(config);
    for (const peer of [...this.#dynamic.all()]) this.#reconsider(peer, config);
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
    const address = remoteAddress(socket);
    const config = this.#config;
    if (address === null || config === null) {
      this.#options.context.closing.close(socket, null);
      return;
    }
    const configured = this.#configuredFor(address, socket);
    if (configured !== null) {
      if (configured.isDisabled) this.#refuse(socket, address, null, 'disabled');
      else if (configured.held !== null) this.#refuse(socket, address, null, 'held');
      else configured.accept(socket);
    } else {
      this.#acceptClient(socket, address, config);
    }
  }

  /** Ends every session; nothing starts by itself any more. */
  close(notification: Notification): void {
    for (const peer of this.all()) peer.stop(notification);
    this.#dynamic.close();
  }

  #applyConfigured(config: SpeakerConfig): void {
    const wanted = this.#wantedSettings(config);
    const kept = matchDrivers(this.#configured, wanted);
    const survivors = new Set(kept.values());
    for (const peer of this.#configured) if (!survivors.has(peer)) this.#retire(peer);

    const added: PeerDriver[] = [];
    this.#configured = wanted.map((settings) => {
      const peer = kept.get(settings);
      if (peer === undefined) {
        const driver = this.#newDriver(settings);
        added.push(driver);
        return driver;
      }
      if (!isDeepStrictEqual(peer.settings, settings)) peer.update(settings);
      return peer;
    });
    this.#byAddress = Map.groupBy(this.#configured, (peer) => peer.settings.address);
    for (const peer of added) {
      this.#displaceClient(peer.settings.address);
      peer.start();
    }
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

  #retire(peer: PeerDriver): void {
    peer.stop(cease.peerDeconfigured());
    this.#options.onGone(peer);
  }

  /** A configured peer beats any range: a client of that address goes, and comes back as the peer. */
  #displaceClient(address: string): void {
    const client = this.#dynamic.get(address);
    if (client === null) return;
    client.stop(cease.otherConfigurationChange());
    this.#dynamic.remove(client);
    this.#options.onGone(client);
  }

  /** The ranges have changed: the client stays, takes on the settings of another range, or goes. */
  #reconsider(client: PeerDriver, config: SpeakerConfig): void {
    const { address } = client.settings;
    const neighbor = this.#ranges.find(address);
    if (neighbor === null) {
      client.stop(cease.peerDeconfigured());
      if (client.isDisabled) this.#dynamic.onEnded(client, false);
      return;
    }
    const settings = dynamicSettings(neighbor, address, config);
    if (!isDeepStrictEqual(client.settings, settings)) client.update(settings);
  }

  #configuredFor(address: string, socket: Socket): PeerDriver | null {
    const candidates = this.#byAddress.get(address) ?? [];
    const local = canonicalAddress(socket.localAddress ?? '');
    return (
      candidates.find(({ settings }) => settings.localAddress !== null && settings.localAddress === local) ??
      candidates.find(({ settings }) => settings.localAddress === null) ??
      null
    );
  }

  #acceptClient(socket: Socket, address: string, config: SpeakerConfig): void {
    const neighbor = this.#ranges.find(address);
    if (neighbor === null) {
      this.#refuse(socket, address, null, 'outside-ranges');
      return;
    }
    const settings = dynamicSettings(neighbor, address, config);
    if (settings.held !== null) {
      this.#refuse(socket, address, neighbor.name, 'held');
      return;
    }
    const known = this.#dynamic.get(address);
    if (known?.isDisabled === true) {
      this.#refuse(socket, address, neighbor.name, 'disabled');
      return;
    }
    const isLive = known !== null && !this.#dynamic.hasEnded(known);
    if (!isLive && !this.#dynamic.hasRoom(neighbor.name, neighbor.maxSessions)) {
      this.#refuse(socket, address, neighbor.name, 'session-limit');
      return;
    }
    const peer = known ?? this.#newDriver(settings);
    if (known === null) this.#dynamic.add(peer);
    this.#dynamic.onAccepted(peer);
    peer.accept(socket);
  }

  /** Closed without a word, except where RFC 4486 has one: beyond a session limit, and for a disabled peer. */
  #refuse(socket: Socket, address: string, neighbor: string | null, reason: RefusedReason): void {
    const lastWords = LAST_WORDS[reason]?.() ?? null;
    this.#options.context.closing.close(socket, lastWords === null ? null : encodeNotification(lastWords));
    this.#options.listener.onPeerEvent({ kind: 'refused', address, neighbor, reason });
  }

  #newDriver(settings: SessionSettings): PeerDriver {
    const { context, logger, listener } = this.#options;
    return new PeerDriver({
      settings,
      context,
      logger,
      listener,
      otherFamilyAddress: (localAddress) =>
        this.#config === null ? null : this.#otherFamily.find(localAddress, this.#config),
    });
  }
}

const LAST_WORDS: Readonly<Partial<Record<RefusedReason, () => Notification>>> = {
  'session-limit': cease.outOfResources,
  disabled: cease.connectionRejected,
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

/**
 * Which running peer each wanted one continues: that of the same transport (local address, remote address,
 * port), whatever its name is now; else that of the same name.
 */
function matchDrivers(
  running: readonly PeerDriver[],
  wanted: readonly SessionSettings[],
): ReadonlyMap<SessionSettings, PeerDriver> {
  const matched = new Map<SessionSettings, PeerDriver>();
  const free = new Set(running);
  for (const keyOf of [transportKey, ({ name }: SessionSettings) => name]) {
    const byKey = new Map([...free].map((peer) => [keyOf(peer.settings), peer]));
    for (const settings of wanted) {
      const peer = byKey.get(keyOf(settings));
      if (matched.has(settings) || peer === undefined || !free.delete(peer)) continue;
      matched.set(settings, peer);
    }
  }
  return matched;
}

function transportKey({ localAddress, address, port }: SessionSettings): string {
  return `${localAddress ?? ''}|${address}|${port}`;
}

/** Canonical text without zone; null when the peer has already gone. */
function remoteAddress(socket: Socket): string | null {
  const text = socket.remoteAddress;
  return text === undefined ? null : canonicalAddress(text.replace(/%.*$/, ''));
}
