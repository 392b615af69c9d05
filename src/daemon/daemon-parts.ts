/** What a daemon is put together from; the caller makes it, so that tests can put doubles in its place. */
import type { Logger, Speaker } from '@manul/bgp';
import type { Datastore, RenderNode } from '@manul/config';
import type { Agent, CniHost } from '@manul/felix-like';
import type { ClusterReports } from './cluster-reports.ts';

export interface DaemonParts {
  /** Null: not one of the roles of this process. */
  readonly speaker: Speaker | null;
  readonly agent: Agent | null;
  /** A speaker of this node has run before, and its routes are in the kernel. */
  readonly hasRestarted: boolean;
  /** Null: pods are attached by others. */
  readonly cni: CniHost | null;
  readonly datastore: Datastore;
  /** Null: the datastore is no cluster. */
  readonly reports: ClusterReports | null;
  readonly render: RenderNode;
  readonly logger: Logger;
  readonly version: string;
}
