/** The objects of one collection, parsed; of an invalid one the last good version stays in force. */
import { setImmediate as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ResourceProblem } from '../../config-api.ts';
import { refusedChange } from '../../schema/cross-check.ts';
import { formatFieldPath } from '../../schema/issue-text.ts';
import { parseResource } from '../../schema/parse-resource.ts';
import { type CollectionName, KINDS } from '../../schema/registry.ts';
import { type AnyResource, resourceName } from '../../schema/resource-set.ts';
import type { RawObject } from './api-client.ts';

interface Held {
  /** Null: there has been no good version. */
  readonly resource: AnyResource | null;
  readonly problems: readonly ResourceProblem[];
  readonly uid: string;
}

/** All objects of a collection, as they arrive. */
export interface ListReplacement {
  add(objects: readonly RawObject[]): Promise<void>;
  /** What was not among them is gone now. @returns whether anything is different */
  finish(): boolean;
}

/** Parsing gives the event loop its turn after this long. */
const SLICE_MS = 10;

export class ObjectStore {
  readonly #collection: CollectionName;
  readonly #apiVersion: string;
  #objects = new Map<string, Held>();

  constructor(collection: CollectionName, apiVersion: string) {
    this.#collection = collection;
    this.#apiVersion = apiVersion;
  }

  /** Begins to replace everything, page by page; until it is finished, what was there before stays. */
  beginList(): ListReplacement {
    const before = this.#objects;
    const next = new Map<string, Held>();
    let changed = false;
    return {
      add: async (objects) => {
        let sliceEnd = performance.now() + SLICE_MS;
        for (const object of objects) {
          const key = this.#keyOf(object);
          const known = before.get(key);
          const held = this.#read(object, key, known);
          changed ||= held !== known;
          next.set(key, held);
          if (performance.now() < sliceEnd) continue;
          await pause();
          sliceEnd = performance.now() + SLICE_MS;
        }
      },
      finish: () => {
        this.#objects = next;
        return changed || next.size !== before.size;
      },
    };
  }

  /** @returns whether anything that matters is different now */
  put(object: RawObject): boolean {
    const key = this.#keyOf(object);
    const known = this.#objects.get(key);
    const held = this.#read(object, key, known);
    this.#objects.set(key, held);
    return held !== known;
  }

  delete(object: RawObject): boolean {
    return this.#objects.delete(this.#keyOf(object));
  }

  clear(): boolean {
    const had = this.#objects.size > 0;
    this.#objects = new Map();
    return had;
  }

  /** Of everything that has a good version. */
  *resources(): Generator<readonly [string, AnyResource]> {
    for (const [key, { resource }] of this.#objects) if (resource !== null) yield [key, resource];
  }

  *problems(): Generator<ResourceProblem> {
    for (const { problems } of this.#objects.values()) yield* problems;
  }

  /** What is held after this version; the same object as before when nothing that we read has changed. */
  #read(object: RawObject, key: string, known: Held | undefined): Held {
    // items of a list leave out what the list says of all of them
    const parsed = parseResource({
      ...object,
      metadata: withoutBookkeeping(object['metadata']),
      kind: KINDS[this.#collection].kind,
      apiVersion: this.#apiVersion,
    });
    const uid = uidOf(object);
    const lastGood = known?.resource ?? null;
    const problems: ResourceProblem[] = (parsed.outcome === 'foreign' ? [] : parsed.problems).map((problem) =>
      this.#problem(key, formatFieldPath(problem.path), problem.text, problem.severity),
    );
    let resource = parsed.outcome === 'valid' ? parsed.resource : lastGood;
    // an object of the same name that was made anew is another one
    if (resource !== null && lastGood !== null && known?.uid === uid) {
      const refused = refusedChange(this.#collection, lastGood, resource);
      if (refused !== null) {
        problems.push(this.#problem(key, `spec.${refused.field}`, refused.text, 'error'));
        resource = lastGood;
      }
    }
    const held = { resource, problems, uid };
    return known !== undefined && isDeepStrictEqual(known, held) ? known : held;
  }

  #problem(key: string, field: string, text: string, severity: ResourceProblem['severity']): ResourceProblem {
    const resource = resourceName(this.#collection, key);
    return { file: null, line: null, resource, field, text, severity };
  }

  #keyOf(object: RawObject): string {
    const { namespace, name } = (object['metadata'] ?? {}) as { namespace?: string; name?: string };
    return KINDS[this.#collection].namespaced ? `${namespace ?? 'default'}/${name}` : String(name);
  }
}

const uidOf = (object: RawObject): string =>
  String((object['metadata'] as { readonly uid?: unknown } | undefined)?.uid ?? '');

/** Fields that change with every write, or fill the memory, and say nothing to us. */
function withoutBookkeeping(metadata: unknown): unknown {
  const { managedFields: _, resourceVersion: __, generation: ___, ...rest } = (metadata ?? {}) as RawObject;
  return rest;
}
