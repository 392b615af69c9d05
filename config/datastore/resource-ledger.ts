/**
 * What is in force, as against what the files say now: keeps the last good version of each resource while its
 * document is invalid, cannot be told any more, stands twice, or changes what cannot be changed. Pure: files in, resources and problems out.
 */
import type { ResourceProblem } from '../config-api.ts';
import { refusedChange } from '../schema/cross-check.ts';
import { type PlacedResource, resourceName } from '../schema/resource-set.ts';
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
    const places = placesById(files);
    const clouded = new Set(files.filter(isClouded).map(({ file }) => file));
    const next = new Map<string, LedgerEntry>();
    for (const [id, entry] of this.#inForce) {
      if (!places.has(id) && clouded.has(entry.file)) next.set(id, entry);
    }
    const refused: ResourceProblem[] = [];
    for (const [id, [first, ...others]] of places) {
      const { file, document } = first!;
      const lastGood = this.#lastGood(id, file);
      let entry = lastGood;
      if (others.length === 0 && document.parsed.outcome === 'valid') {
        const problem = lastGood === undefined ? null : refusal(lastGood, document.parsed, document, file);
        if (problem === null) entry = { ...placed(document.parsed), file };
        else refused.push(problem);
      }
      if (entry !== undefined) next.set(id, entry);
    }
    this.#inForce = next;
    return {
      entries: [...next.values()],
      problems: [...problemsOf(files), ...duplicates(places), ...refused].sort(byPlace),
    };
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

function placesById(files: readonly FileContent[]): Map<string, Place[]> {
  const places = new Map<string, Place[]>();
  for (const { file, documents } of files) {
    for (const document of documents) {
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
function isClouded(content: FileContent): boolean {
  return (
    content.unreadable !== null ||
    content.documents.some((document) => document.parsed.outcome === 'invalid' && idOf(document) === null)
  );
}

function problemsOf(files: readonly FileContent[]): ResourceProblem[] {
  return files.flatMap((content): ResourceProblem[] => {
    const { file, unreadable, documents } = content;
    if (unreadable !== null) {
      return [{ file, line: null, resource: null, field: '', text: unreadable, severity: 'error' }];
    }
    const own = documents.flatMap(({ problems }) => problems.map((problem) => ({ file, ...problem })));
    return [...own, ...skipped(content)];
  });
}

/** One note for each foreign kind of a file. */
function skipped({ file, documents }: FileContent): ResourceProblem[] {
  const kinds = new Map<string, { line: number; count: number }>();
  for (const { line, parsed } of documents) {
    if (parsed.outcome !== 'foreign') continue;
    const kind = `${parsed.kind} (${parsed.apiVersion})`;
    const known = kinds.get(kind);
    if (known === undefined) kinds.set(kind, { line, count: 1 });
    else known.count++;
  }
  return Array.from(kinds, ([kind, { line, count }]) => {
    const text = `skipped ${count === 1 ? 'a document' : `${count} documents`} of another kind: ${kind}`;
    return { file, line, resource: null, field: '', text, severity: 'note' };
  });
}

function duplicates(places: ReadonlyMap<string, readonly Place[]>): ResourceProblem[] {
  return [...places.values()].flatMap(([first, ...others]) =>
    others.map(({ file, document }): ResourceProblem => {
      const text = `is defined twice: here and at ${first!.file}:${first!.document.line}`;
      return { file, line: document.line, resource: nameOf(document), field: '', text, severity: 'error' };
    }),
  );
}

function nameOf({ parsed }: ReadDocument): string | null {
  if (parsed.outcome === 'foreign' || parsed.collection === null || parsed.key === null) return null;
  return resourceName(parsed.collection, parsed.key);
}

function byPlace(a: ResourceProblem, b: ResourceProblem): number {
  if (a.file !== b.file) return (a.file ?? '') < (b.file ?? '') ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
}
