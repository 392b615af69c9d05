/** What the daemon knows about itself: the view of HTTP, metrics and control socket, and the status report. */
import {
  type Logger,
  type PeerKind,
  type PeerStatus,
  SESSION_STATE_NUMBER,
  type SessionState,
  type Speaker,
  type SpeakerEvent,
} from '@manul/bgp';
import type { DatastoreSnapshot, RenderedNode } from '@manul/config';
import type { Agent } from '@manul/felix-like';
import type { NodeAddressWatch } from '../node-address/node-address-watch.ts';
import type { RoleLink } from '../role-link/role-link.ts';
import type { ConfigFeed } from './config-feed.ts';
import type { DaemonParts } from './daemon-parts.ts';
import type { DaemonView } from './daemon-view.ts';
import { Drain } from './drain.ts';
import type { ErrorRecord } from './error-record.ts';
import { EventHub } from './event-hub.ts';
import type { RunOptions } from './run-options.ts';
import type { KernelReport, NodeAddressReport, RouteReport, StatusReport } from './status-report.ts';

interface StateSources {
  readonly feed: ConfigFeed;
  readonly addresses: NodeAddressWatch;
  readonly errors: ErrorRecord;
}

export class DaemonState implements DaemonView {
  readonly node: string;
  readonly speaker: Speaker | null;
  readonly agent: Agent | null;
  readonly drain: Drain | null;
  readonly events: EventHub;
  readonly logger: Logger;
  http: string | null = null;
  link: RoleLink | null = null;
  readonly #options: RunOptions;
  readonly #version: string;
  readonly #feed: ConfigFeed;
  readonly #addresses: NodeAddressWatch;
  readonly #errors: ErrorRecord;
  readonly #startedAt = new Date();
  #wasReady = false;

  constructor(options: RunOptions, parts: DaemonParts, { feed, addresses, errors }: StateSources) {
    this.node = options.node;
    this.speaker = parts.speaker;
    this.agent = parts.agent;
    this.drain = parts.speaker && new Drain(parts.speaker, parts.logger);
    this.logger = parts.logger;
    this.events = new EventHub(parts.speaker);
    this.#options = options;
    this.#version = parts.version;
    this.#feed = feed;
    this.#addresses = addresses;
    this.#errors = errors;
    parts.speaker?.onEvent((event) => this.#recordError(event));
  }

  snapshot(): DatastoreSnapshot | null {
    return this.#feed.snapshot;
  }

  rendered(): RenderedNode | null {
    return this.#feed.config?.rendered ?? null;
  }

  nodeAddresses(): NodeAddressReport {
    return this.#addresses.status();
  }

  /** Once ready, a process stays so: what goes wrong later is told by status and metrics. */
  notReadyReason(): string | null {
    if (this.#wasReady) return null;
    if (this.#feed.config === null) return 'the datastore has not been read';
    if (this.agent !== null && !this.agent.status().ready) return 'the first kernel apply is not done';
    this.#wasReady = true;
    return null;
  }

  status(): StatusReport {
    const rendered = this.rendered();
    const snapshot = this.snapshot();
    const peers = this.speaker?.peers() ?? null;
    return {
      node: this.node,
      roles: this.#options.roles,
      version: this.#version,
      startedAt: this.#startedAt.toISOString(),
      uptimeSeconds: Math.floor((Date.now() - this.#startedAt.getTime()) / 1000),
      ready: this.notReadyReason() === null,
      asn: rendered?.asn ?? null,
      routerId: rendered?.routerId ?? null,
      clusterId: rendered?.clusterId ?? null,
      nodeAddresses: this.nodeAddresses(),
      http: this.http,
      datastore: {
        inSync: snapshot?.inSync === true && snapshot.stale.length === 0,
        stale: snapshot?.stale ?? [],
        problems: snapshot?.problems ?? [],
        warnings: rendered?.warnings ?? [],
      },
      drain: this.drain?.report() ?? null,
      sessions: peers && countByState(peers),
      sessionsByKind: peers && countByKind(peers),
      routes: this.#routes(),
      kernel: this.#kernel(),
      link: this.link?.status() ?? null,
      lastErrors: [...this.#errors.list(), ...this.#kernelErrors()].sort((a, b) => b.at.localeCompare(a.at)),
    };
  }

  #routes(): RouteReport | null {
    if (this.speaker === null) return null;
    return { ...this.speaker.ribSummary(), originated: this.#feed.originatedCount() };
  }

  #kernel(): KernelReport | null {
    if (this.agent === null) return null;
    const { node: _, lastErrors: __, ...report } = this.agent.status();
    return report;
  }

  #kernelErrors(): ReturnType<ErrorRecord['list']> {
    return this.agent?.status().lastErrors ?? [];
  }

  #recordError(event: SpeakerEvent): void {
    if (event.kind === 'listenFailed') {
      this.#errors.add(`listen ${event.address} port ${event.port}`, event.reason);
    } else if (event.kind === 'problem') {
      this.#errors.add(event.object, event.text);
    } else if (event.kind === 'notification') {
      const { direction, code, subcode, text, at } = event.error;
      this.#errors.add(`peer ${event.peer}`, `${direction} ${code}/${subcode} ${text}`.trimEnd(), at);
    }
  }
}

function countByState(peers: readonly PeerStatus[]): Readonly<Record<SessionState, number>> {
  const counts = { ...SESSION_STATE_NUMBER };
  for (const state of Object.keys(counts) as SessionState[]) counts[state] = 0;
  for (const { state } of peers) counts[state] += 1;
  return counts;
}

function countByKind(peers: readonly PeerStatus[]): Readonly<Record<PeerKind, number>> {
  const counts = { mesh: 0, configured: 0, dynamic: 0 };
  for (const { kind } of peers) counts[kind] += 1;
  return counts;
}
