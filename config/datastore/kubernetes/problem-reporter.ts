/**
 * Tells the cluster of its invalid resources: an Event at the resource, and a status condition where it takes one.
 * Every node finds the same: whoever comes first, after a while that chance decides, writes; the others see it.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResourceProblem } from '../../config-api.ts';
import { KINDS } from '../../schema/registry.ts';
import type { ApiClient, RawObject } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { isReported, rootOf, WATCHED_KINDS } from './watched-kinds.ts';

export interface ProblemReporterOptions {
  readonly client: ApiClient;
  readonly node: string;
  /** At most this long until a problem is told; milliseconds. */
  readonly spreadMs?: number;
  readonly random?: () => number;
  readonly onFailure: (what: string, reason: string) => void;
}

/** Of the condition: the resource is in force as it is written. */
const CONDITION = 'Accepted';
const SPREAD_MS = 10_000;
/** Where events of cluster-scoped objects are. */
const EVENT_NAMESPACE = 'default';
const MAX_NOTE = 1000;

interface Found {
  readonly path: string;
  readonly raw: RawObject;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

export class ProblemReporter {
  readonly #options: ProblemReporterOptions;
  readonly #end = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** By resource, what was told. */
  #told = new Map<string, string>();

  constructor(options: ProblemReporterOptions) {
    this.#options = options;
  }

  onProblems(problems: readonly ResourceProblem[]): void {
    const texts = new Map<string, string>();
    for (const { resource, field, text, severity, file } of problems) {
      if (severity !== 'error' || resource === null || file !== null) continue;
      const line = field === '' ? text : `${field}: ${text}`;
      texts.set(resource, [texts.get(resource), line].filter((part) => part !== undefined).join('; '));
    }
    for (const [resource, text] of texts) {
      if (this.#told.get(resource) !== text) this.#start(resource, text);
    }
    for (const resource of this.#told.keys()) if (!texts.has(resource)) this.#start(resource, null);
    this.#told = texts;
  }

  async close(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#running);
  }

  #start(resource: string, text: string | null): void {
    const { spreadMs = SPREAD_MS, random = Math.random, onFailure } = this.#options;
    const { signal } = this.#end;
    const run = sleep(spreadMs * random(), undefined, { signal })
      .then(() => this.#tell(resource, text, signal))
      .catch((error: unknown) => {
        if (!signal.aborted) onFailure(`problem of ${resource}`, error instanceof Error ? error.message : '');
      })
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** @param text what is wrong; null: nothing any more */
  async #tell(resource: string, text: string | null, signal: AbortSignal): Promise<void> {
    const object = await this.#find(resource, signal);
    if (object === null) return;
    const isNews = await this.#setCondition(object, text, signal);
    if (text !== null && isNews) await this.#createEvent(object.raw, text, signal);
  }

  async #find(resource: string, signal: AbortSignal): Promise<Found | null> {
    const [kind = '', ...names] = resource.split('/');
    const watched = WATCHED_KINDS.find(
      (candidate) => KINDS[candidate.collection].kind === kind && isReported(candidate),
    );
    if (watched === undefined || names.length !== 1) return null;
    for (const groupVersion of watched.groupVersions) {
      const path = `${rootOf(groupVersion)}/${watched.plural}/${names[0]}`;
      try {
        const raw = (await this.#options.client.get(path, signal)) as RawObject;
        return { path, raw };
      } catch (error) {
        if (!(error instanceof ApiError && error.isNotFound)) throw error;
      }
    }
    return null; // it has been deleted
  }

  /** @returns false when the condition says so already: then somebody else has told it */
  async #setCondition({ path, raw }: Found, text: string | null, signal: AbortSignal): Promise<boolean> {
    const { generation, resourceVersion } = raw['metadata'] as {
      generation?: number;
      resourceVersion: string;
    };
    const { conditions = [] } = (raw['status'] ?? {}) as { conditions?: readonly Condition[] };
    const present = conditions.find(({ type }) => type === CONDITION);
    const status = text === null ? 'True' : 'False';
    const isSaid = present?.status === status && (text === null || present.message === text);
    if (isSaid || (text === null && present === undefined)) return false;
    const condition = {
      type: CONDITION,
      status,
      reason: text === null ? 'Valid' : 'Invalid',
      message: text ?? 'The resource is in force',
      observedGeneration: generation ?? 0,
      lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    };
    const others = conditions.filter(({ type }) => type !== CONDITION);
    const change = { metadata: { resourceVersion }, status: { conditions: [...others, condition] } };
    try {
      await this.#options.client.patch(`${path}/status`, change, 'merge', signal);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 409) return false; // somebody else was faster
      if (!error.isNotFound) throw error;
      // Calico's kinds have no status of this sort: the Event tells it alone
    }
    return true;
  }

  /** Its name comes from what it says, so that a thousand nodes make one. */
  async #createEvent(raw: RawObject, text: string, signal: AbortSignal): Promise<void> {
    const { apiVersion, kind, metadata } = raw as {
      apiVersion: string;
      kind: string;
      metadata: { name: string; uid: string };
    };
    const digest = createHash('sha256').update(`${metadata.uid}\0${text}`).digest('hex').slice(0, 16);
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${metadata.name.slice(0, 200)}.${digest}`, namespace: EVENT_NAMESPACE },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      type: 'Warning',
      reason: 'Invalid',
      action: 'Validate',
      note: `${text}; the last good version stays in force`.slice(0, MAX_NOTE),
      regarding: { apiVersion, kind, name: metadata.name, uid: metadata.uid },
      reportingController: 'manul.dev/manul',
      reportingInstance: this.#options.node,
    };
    try {
      await this.#options.client.post(
        `/apis/events.k8s.io/v1/namespaces/${EVENT_NAMESPACE}/events`,
        event,
        signal,
      );
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409)) throw error;
    }
  }
}
