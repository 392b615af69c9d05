/**
 * Resources → what runs: renders every snapshot of the datastore with the same pure function that
 * `manul render` uses, and hands the result to the roles of this process.
 */
import type { Logger, Speaker } from '@manul/bgp';
import type { DatastoreSnapshot, NodeConfig, RenderNode, RenderOptions, ResourceSet } from '@manul/config';
import type { Agent } from '@manul/felix-like';
import { originatedPrefixes } from '../adapters/originated-prefixes.ts';
import { reasonOf } from '../cli/command-error.ts';
import type { NodeAddressWatch } from '../node-address/node-address-watch.ts';
import type { ErrorRecord } from './error-record.ts';
import { limitProblems, readHostLimits, sessionCap, sessionsFor } from './host-limits.ts';
import { ProblemLog } from './problem-log.ts';

export interface ConfigFeedParts {
  readonly speaker: Speaker | null;
  readonly agent: Agent | null;
  readonly render: RenderNode;
  readonly options: RenderOptions;
  readonly addresses: Pick<NodeAddressWatch, 'current'>;
  /** `--max-sessions`, or null. */
  readonly maxSessions: number | null;
  readonly errors: ErrorRecord;
  readonly logger: Logger;
}

export class ConfigFeed {
  readonly #parts: ConfigFeedParts;
  readonly #problemLog: ProblemLog;
  #snapshot: DatastoreSnapshot | null = null;
  #config: NodeConfig | null = null;
  /** What `#config` was made of. */
  #rendered: ResourceSet | null = null;
  /** The set that the agent announces; null until one has said so, then the speaker's own set rules. */
  #announced: readonly string[] | null = null;
  #limitProblems: readonly string[] = [];
  #sessionCap: string | null = null;

  constructor(parts: ConfigFeedParts) {
    this.#parts = parts;
    this.#problemLog = new ProblemLog(parts.logger, parts.errors);
  }

  /** What runs now, or null before the datastore has been read. */
  get config(): NodeConfig | null {
    return this.#config;
  }

  get snapshot(): DatastoreSnapshot | null {
    return this.#snapshot;
  }

  onSnapshot(snapshot: DatastoreSnapshot): void {
    this.#snapshot = snapshot;
    this.#problemLog.onProblems(snapshot.problems);
    this.#problemLog.onStale(snapshot.stale);
    if (!snapshot.inSync) return;
    if (this.#config !== null && snapshot.resources === this.#rendered) return;
    this.#rendered = snapshot.resources;
    const config = this.#render(snapshot);
    if (config === null) return;
    this.#config = config;
    this.#problemLog.onWarnings(config.rendered.warnings);
    this.#applyOriginated();
    this.#parts.speaker?.apply(config.speaker);
    this.#parts.agent?.apply(config.agent);
    if (this.#parts.speaker !== null) this.#checkHostLimits(config);
  }

  /** The node has other addresses than before. */
  onNodeAddresses(): void {
    this.#rendered = null;
    if (this.#snapshot !== null) this.onSnapshot(this.#snapshot);
  }

  /** The agent's announced set has changed (role link). */
  onAnnounced(prefixes: readonly string[]): void {
    this.#announced = prefixes;
    this.#applyOriginated();
  }

  /** Prefixes that the speaker originates now. */
  originatedCount(): number {
    if (this.#config === null) return 0;
    if (this.#announced === null) return this.#config.speaker.originated.length;
    return originatedPrefixes(this.#announced, this.#config.rendered).length;
  }

  /** A limit that is too low is said once, and again only when what it stands against has changed. */
  #checkHostLimits({ rendered }: NodeConfig): void {
    const { logger, errors, maxSessions } = this.#parts;
    const limits = readHostLimits();
    const cap = maxSessions === null ? sessionCap(limits, rendered) : null;
    if (cap !== null && cap !== this.#sessionCap)
      logger.warn('sessions are limited by this machine', { reason: cap });
    this.#sessionCap = cap;
    const problems = limitProblems(limits, maxSessions ?? sessionsFor(limits), rendered);
    for (const text of problems.filter((one) => !this.#limitProblems.includes(one))) {
      logger.warn('a limit of this machine is too low', { reason: text });
      errors.add('host limits', text);
    }
    this.#limitProblems = problems;
  }

  #applyOriginated(): void {
    const { speaker } = this.#parts;
    if (speaker === null || this.#announced === null || this.#config === null) return;
    speaker.setOriginated(originatedPrefixes(this.#announced, this.#config.rendered));
  }

  #render(snapshot: DatastoreSnapshot): NodeConfig | null {
    try {
      const { options, addresses } = this.#parts;
      const nodeAddresses = addresses.current(snapshot.resources);
      return this.#parts.render(snapshot.resources, { ...options, nodeAddresses });
    } catch (error) {
      // A fault of ours, not of the resources; what runs goes on.
      const text = reasonOf(error);
      this.#parts.logger.error('rendering failed, the last configuration stays in force', { reason: text });
      this.#parts.errors.add('configuration', text);
      return null;
    }
  }
}
