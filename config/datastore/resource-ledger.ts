/**
 * What is in force, as against what the files say now: keeps the last good version of each resource while its
 * document is invalid, cannot be told any more, stands twice, or changes what cannot be changed. Pure: files in, resources and problems out.
 */
import type { ResourceProblem } from '../config-api.ts';
import { refusedChange } from '../schema/cross-check.ts';
import { type PlacedResource, resourceName } from '../schema/resource-set.ts';
import { runToEnd, STEP_ITEMS, type Steps, sortInSteps } from '../schema/steps.ts';
import type { ReadDocument } from './read-documents.ts';

export interface FileContent {
  readonly file: string;
  readonly documents: readonly ReadDocument[];
  /** Set where the file could not be read at all; what came from it stays. */
  readonly unreadable: string | null;
}

export interface LedgerEntry extends PlacedResource {
  /** File of the version in force. */
  readonly file: string;
}

export interface LedgerResult {
  readonly entries: readonly LedgerEntry[];
  readonly problems: readonly ResourceProblem[];
}

interface Place {
  readonly file: string;
  readonly document: ReadDocument;
}

export class ResourceLedger {
  #inForce = new Map<string, LedgerEntry>();

  /** Replaces what the files say. A file that is missing from `files` has vanished, with its resources. */
  apply(files: readonly FileContent[]): LedgerResult {
    return runToEnd(this.applySteps(files));
  }

  /** `apply` in steps; nothing is in force before the last. */
  *applySteps(files: readonly FileContent[]): Steps<LedgerResult> {
    const places = yield* placesById(files);
    const clouded = new Set<string>();
    for (const content of files) if (yield* isClouded(content)) clouded.add(content.file);
    const next = new Map<string, LedgerEntry>();
    let count = 0;
    for (const [id, entry] of this.#inForce) {
      if (!places.has(id) && clouded.has(entry.file)) next.set(id, entry);
      if (++count % STEP_ITEMS === 0) yield;
    }
    const problems: ResourceProblem[] = [];
    for (const [id, [first, ...others]] of places) {
      const { file, document } = first!;
      const lastGood = this.#lastGood(id, file);
      let entry = lastGood;
      if (others.length === 0 && document.parsed.outcome === 'valid') {
        const problem = lastGood === undefined ? null : refusal(lastGood, document.parsed, document, file);
        if (problem === null) entry = { ...placed(document.parsed), file };
        else problems.push(problem);
      }
      for (const other of others) problems.push(duplicate(first!, other));
      if (entry !== undefined) next.set(id, entry);
      if (++count % STEP_ITEMS === 0) yield;
    }
    for (const content of files) yield* collectProblems(content, problems);
    this.#inForce = next;
    return { entries: [...next.values()], problems: yield* sortInSteps(problems, byPlace) };
  }

  /** The last good version, from now on tied to the file that holds the bad one. */
  #lastGood(id: string, file: string): LedgerEntry | undefined {
    const entry = this.#inForce.get(id);
    return entry === undefined ? undefined : { ...entry, file };
  }
}

function placed(parsed: Extract<ReadDocument['parsed'], { readonly outcome: 'valid' }>): PlacedResource {
  return { collection: parsed.collection, key: parsed.key, resource: parsed.resource };
}

/** What is wrong with replacing the version in force, or null. */
function refusal(
  before: LedgerEntry,
  { collection, key, resource }: PlacedResource,
  { line, comparedLines }: ReadDocument,
  file: string,
): ResourceProblem | null {
  const refused = refusedChange(collection, before.resource, resource);
  if (refused === null) return null;
  return {
    file,
    line: comparedLines[refused.field] ?? line,
    resource: resourceName(collection, key),
    field: `spec.${refused.field}`,
    text: refused.text,
    severity: 'error',
  };
}

function* placesById(files: readonly FileContent[]): Steps<Map<string, Place[]>> {
  const places = new Map<string, Place[]>();
  let count = 0;
  for (const { file, documents } of files) {
    for (const document of documents) {
      if (++count % STEP_ITEMS === 0) yield;
      const id = idOf(document);
      if (id === null) continue;
      const known = places.get(id);
      if (known === undefined) places.set(id, [{ file, document }]);
      else known.push({ file, document });
    }
  }
  return places;
}

/** Collection and key; null where the document does not say what it is, or is of a foreign kind. */
function idOf({ parsed }: ReadDocument): string | null {
  if (parsed.outcome === 'foreign' || parsed.collection === null || parsed.key === null) return null;
  return `${parsed.collection} ${parsed.key}`;
}

/** Whether the file may hold resources that cannot be told now. */
function* isClouded({ unreadable, documents }: FileContent): Steps<boolean> {
  if (unreadable !== null) return true;
  let count = 0;
  for (const document of documents) {
    if (document.parsed.outcome === 'invalid' && idOf(document) === null) return true;
    if (++count % STEP_ITEMS === 0) yield;
  }
  return false;
}

/** What is wrong in one file, and one note for each foreign kind in it. */
function* collectProblems(
  { file, unreadable, documents }: FileContent,
  problems: ResourceProblem[],
): Steps<void> {
  if (unreadable !== null) {
    problems.push({ file, line: null, resource: null, field: '', text: unreadable, severity: 'error' });
    return;
  }
  const skipped = new Map<string, { line: number; count: number }>();
  let count = 0;
  for (const document of documents) {
    for (const problem of document.problems) problems.push({ file, ...problem });
    if (document.parsed.outcome === 'foreign') {
      const kind = `${document.parsed.kind} (${document.parsed.apiVersion})`;
      const known = skipped.get(kind);
      if (known === undefined) skipped.set(kind, { line: document.line, count: 1 });
      else known.count++;
    }
    if (++count % STEP_ITEMS === 0) yield;
  }
  for (const [kind, { line, count: found }] of skipped) {
    const text = `skipped ${found === 1 ? 'a document' : `${found} documents`} of another kind: ${kind}`;
    problems.push({ file, line, resource: null, field: '', text, severity: 'note' });
  }
}

function duplicate(first: Place, { file, document }: Place): ResourceProblem {
  const text = `is defined twice: here and at ${first.file}:${first.document.line}`;
  return { file, line: document.line, resource: nameOf(document), field: '', text, severity: 'error' };
}

function nameOf({ parsed }: ReadDocument): string | null {
  if (parsed.outcome === 'foreign' || parsed.collection === null || parsed.key === null) return null;
  return resourceName(parsed.collection, parsed.key);
}

function byPlace(a: ResourceProblem, b: ResourceProblem): number {
  if (a.file !== b.file) return (a.file ?? '') < (b.file ?? '') ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
}
