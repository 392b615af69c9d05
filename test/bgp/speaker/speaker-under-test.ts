/** A speaker on loopback sockets with a recording RIB, and configurations for it. */
import { ACCEPT_ALL } from '../../../bgp/policy/policy-config.ts';
import { NO_LIMITS, type SpeakerLimits } from '../../../bgp/speaker/admission.ts';
import type { Clock } from '../../../bgp/speaker/clock.ts';
import { createSpeaker } from '../../../bgp/speaker/speaker.ts';
import type { Logger, Speaker } from '../../../bgp/speaker/speaker-api.ts';
import type {
  DynamicNeighborConfig,
  PeerConfig,
  SessionConfig,
  SpeakerConfig,
} from '../../../bgp/speaker/speaker-config.ts';
import type { PeerDetail, SessionState, SpeakerEvent } from '../../../bgp/speaker/speaker-status.ts';
import { Changes } from '../../harness/deadline.ts';
import { FakeRib } from './fake-rib.ts';

export const LOCAL = '127.0.0.1';

export const SESSION_CONFIG: SessionConfig = {
  families: ['ipv4', 'ipv6'],
  holdTimeSec: 90,
  keepaliveSec: 30,
  routeReflectorClient: false,
  nextHop: 'auto',
  addPath: true,
  gracefulRestartSec: null,
  ttlSecurity: null,
  interface: null,
  allowOwnAs: 0,
  password: null,
  maxPrefixes: null,
  importPolicy: ACCEPT_ALL,
  exportPolicy: ACCEPT_ALL,
};

/** A peer at 127.0.0.2 that we wait for. */
export function peerConfig(changes: Partial<PeerConfig> = {}): PeerConfig {
  return {
    ...SESSION_CONFIG,
    name: 'peer',
    kind: 'configured',
    address: '127.0.0.2',
    port: 1,
    asn: 64512,
    localAsn: 64512,
    localAddress: null,
    passive: true,
    held: null,
    ...changes,
  };
}

/** Clients from 127.0.1.0/24. */
export function rangeConfig(changes: Partial<DynamicNeighborConfig> = {}): DynamicNeighborConfig {
  return {
    ...SESSION_CONFIG,
    name: 'clients',
    listenRanges: ['127.0.1.0/24'],
    asNumbers: [],
    maxSessions: 100,
    held: null,
    ...changes,
  };
}

export function speakerConfig(changes: Partial<SpeakerConfig> = {}): SpeakerConfig {
  return {
    asn: 64512,
    routerId: '10.0.0.1',
    clusterId: null,
    listen: [{ address: LOCAL, port: 0 }],
    peers: [],
    dynamic: [],
    originated: [],
    ...changes,
  };
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export interface SpeakerSetup {
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly limits?: SpeakerLimits;
  /** In [0, 1); the largest, so that no timer is shortened, unless said otherwise. */
  readonly random?: () => number;
  readonly gracefulRestart?: { readonly hasRestarted: boolean };
}

export class SpeakerUnderTest {
  readonly rib = new FakeRib();
  readonly events: SpeakerEvent[] = [];
  readonly speaker: Speaker;
  port = 0;
  /** What was applied at the start. */
  config = speakerConfig();
  readonly #changes = new Changes();

  private constructor({ logger = silent, limits = NO_LIMITS, random = () => 1, ...others }: SpeakerSetup) {
    this.speaker = createSpeaker({ ...others, logger, rib: this.rib, random, limits });
    this.rib.onChange = () => this.#changes.notify();
    this.speaker.onEvent((event) => {
      this.events.push(event);
      this.#changes.notify();
    });
  }

  /** Applies the configuration and waits until the speaker listens. */
  static async start(config: Partial<SpeakerConfig>, setup: SpeakerSetup = {}): Promise<SpeakerUnderTest> {
    const subject = new SpeakerUnderTest(setup);
    subject.config = speakerConfig(config);
    subject.speaker.apply(subject.config);
    subject.port = (await subject.event('listening')).port;
    return subject;
  }

  get target(): { readonly address: string; readonly port: number } {
    return { address: LOCAL, port: this.port };
  }

  until<T>(check: () => T | null | undefined, what: string): Promise<T> {
    return this.#changes.until(check, what);
  }

  /** The first event of the kind, now or later. */
  event<K extends SpeakerEvent['kind']>(
    kind: K,
    matches: (event: Extract<SpeakerEvent, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<SpeakerEvent, { kind: K }>> {
    const isIt = (event: SpeakerEvent): event is Extract<SpeakerEvent, { kind: K }> =>
      event.kind === kind && matches(event as Extract<SpeakerEvent, { kind: K }>);
    return this.until(() => this.events.find(isIt), `event ${kind}`);
  }

  async state(peer: string, state: SessionState): Promise<PeerDetail> {
    return this.until(() => {
      const detail = this.speaker.peer(peer);
      return detail?.state === state ? detail : null;
    }, `${peer} in ${state}`);
  }

  close(message?: string): Promise<void> {
    return this.speaker.close(message);
  }
}
