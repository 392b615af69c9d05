/** `manul status -o json` and `/api/v1/status`: how one process is doing. */
import type { PeerKind, RibSummary, SessionState } from '@manul/bgp';
import type { RenderWarning, ResourceProblem, StaleSource } from '@manul/config';
import type { AgentStatus } from '@manul/felix-like';
import type { NodeAddressWatch } from '../node-address/node-address-watch.ts';
import type { RoleLinkStatus } from '../role-link/role-link.ts';
import type { DrainReport } from './drain.ts';
import type { RecordedError } from './error-record.ts';
import type { Role } from './run-options.ts';

export interface StatusReport {
  readonly node: string;
  readonly roles: readonly Role[];
  readonly version: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  /** What `/readyz` says. */
  readonly ready: boolean;
  /** Of the speaker; null without one, or before the datastore has been read. */
  readonly asn: number | null;
  readonly routerId: string | null;
  readonly clusterId: string | null;
  readonly nodeAddresses: NodeAddressReport;
  /** Where HTTP is served, `ADDRESS:PORT`, or null. */
  readonly http: string | null;
  readonly datastore: DatastoreReport;
  /** Whether the speaker takes leave of its peers; null without a speaker. */
  readonly drain: DrainReport | null;
  /** Sessions by state; null without a speaker. */
  readonly sessions: Readonly<Record<SessionState, number>> | null;
  readonly sessionsByKind: Readonly<Record<PeerKind, number>> | null;
  /** Routes by kind; null without a speaker. */
  readonly routes: RouteReport | null;
  /** Null without an agent. */
  readonly kernel: KernelReport | null;
  readonly link: RoleLinkStatus | null;
  /** Newest first. */
  readonly lastErrors: readonly RecordedError[];
}

/** Families whose address is given or found, instead of coming from the Node resource. */
export type NodeAddressReport = ReturnType<NodeAddressWatch['status']>;

export interface DatastoreReport {
  /** Everything has been read, and is being followed. */
  readonly inSync: boolean;
  /** What may be out of date; what was read before stays in force. */
  readonly stale: readonly StaleSource[];
  readonly problems: readonly ResourceProblem[];
  readonly warnings: readonly RenderWarning[];
}

export interface RouteReport extends RibSummary {
  /** Prefixes that this speaker originates. */
  readonly originated: number;
}

export type KernelReport = Omit<AgentStatus, 'node' | 'lastErrors'>;

/**
 * One report from those of the two processes of a node. What both have is the speaker's, errors are merged.
 */
export function joinReports(speaker: StatusReport, agent: StatusReport): StatusReport {
  return {
    ...speaker,
    roles: [...new Set([...speaker.roles, ...agent.roles])],
    ready: speaker.ready && agent.ready,
    datastore: {
      inSync: speaker.datastore.inSync && agent.datastore.inSync,
      stale: [...speaker.datastore.stale, ...agent.datastore.stale],
      problems: speaker.datastore.problems,
      warnings: speaker.datastore.warnings,
    },
    kernel: agent.kernel,
    link: speaker.link ?? agent.link,
    lastErrors: [...speaker.lastErrors, ...agent.lastErrors].sort((a, b) => b.at.localeCompare(a.at)),
  };
}
