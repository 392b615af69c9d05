/** What HTTP, metrics and the control socket see of the running daemon. */
import type { Logger, Speaker } from '@manul/bgp';
import type { DatastoreSnapshot, RenderedNode } from '@manul/config';
import type { Agent } from '@manul/felix-like';
import type { Drain } from './drain.ts';
import type { EventHub } from './event-hub.ts';
import type { NodeAddressReport, StatusReport } from './status-report.ts';

export interface DaemonView {
  readonly node: string;
  readonly speaker: Speaker | null;
  readonly agent: Agent | null;
  /** Null without a speaker. */
  readonly drain: Drain | null;
  readonly events: EventHub;
  readonly logger: Logger;
  status(): StatusReport;
  /** Why the process is not ready, or null when it is. Cheap at any size. */
  notReadyReason(): string | null;
  snapshot(): DatastoreSnapshot | null;
  nodeAddresses(): NodeAddressReport;
  rendered(): RenderedNode | null;
}
