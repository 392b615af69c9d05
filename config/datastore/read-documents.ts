/** The text of one file into resources and problems, document by document, with lines of the file. */
import type { ResourceProblem } from '../config-api.ts';
import { COMPARED_FIELDS, type ComparedField } from '../schema/cross-check.ts';
import { formatFieldPath } from '../schema/issue-text.ts';
import { annotationProblems } from '../schema/option-annotations.ts';
import { type FieldProblem, type ParsedResource, parseResource } from '../schema/parse-resource.ts';
import { resourceName } from '../schema/resource-set.ts';
import { splitDocuments } from './split-documents.ts';
import { parseYamlDocument, type YamlDocument } from './yaml-document.ts';

/** etcd's limit for a request, and with it Kubernetes' limit for an object. */
const MAX_OBJECT_CHARACTERS = 1.5 * 1024 * 1024;

/** One resource document, or one item of a list. */
export interface ReadDocument {
  /** 1-based line of the file on which it begins. */
  readonly line: number;
  readonly parsed: ParsedResource;
  readonly problems: readonly DocumentProblem[];
  /** Annotations `manul.dev/…` that mean nothing: errors in `check`, where rendering warns. */
  readonly annotationProblems: readonly DocumentProblem[];
  /** Lines of the fields that are compared with other resources, as far as they are there. */
  readonly comparedLines: ComparedLines;
}

export type ComparedLines = Readonly<Partial<Record<ComparedField, number>>>;

export type DocumentProblem = Omit<ResourceProblem, 'file' | 'line'> & { readonly line: number };

/** Parsed documents by their text, so that an edit costs only what it touches. */
export type DocumentCache = ReadonlyMap<string, readonly ReadDocument[]>;

export interface ReadStep {
  readonly documents: readonly ReadDocument[];
  readonly text: string;
  /** What to remember under `text`: the same with lines that count from 1. */
  readonly remembered: readonly ReadDocument[];
}

/** Reads a file's documents one by one, so that the caller may pause in between. */
export function* readDocuments(stream: string, cache: DocumentCache): Generator<ReadStep> {
  for (const { text, firstLine } of splitDocuments(stream)) {
    const remembered = cache.get(text) ?? readDocument(text);
    yield { documents: remembered.map((document) => moved(document, firstLine - 1)), text, remembered };
  }
}

function readDocument(text: string): readonly ReadDocument[] {
  const document = parseYamlDocument(text);
  if (document === null) return [];
  if (document.problem !== null) return [brokenDocument(document)];
  if (document.value === null || document.value === undefined) return [];
  return readItem(document, document.value, [], {});
}

/** Unpacks lists: `List`, and typed ones such as `BGPPeerList`, whose items may leave their kind out. */
function readItem(
  document: YamlDocument,
  value: unknown,
  path: readonly PropertyKey[],
  defaults: { readonly apiVersion?: string; readonly kind?: string },
): readonly ReadDocument[] {
  const object =
    typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const { kind, apiVersion, items } = object;
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
    const itemKind = kind.slice(0, -'List'.length);
    const inherited = itemKind === '' ? {} : { kind: itemKind, apiVersion: String(apiVersion) };
    return items.flatMap((item, i) => readItem(document, item, [...path, 'items', i], inherited));
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return [readResource(document, isObject ? { ...defaults, ...object } : value, path)];
}

function readResource(document: YamlDocument, value: unknown, path: readonly PropertyKey[]): ReadDocument {
  const parsed =
    document.lengthOf(path) > MAX_OBJECT_CHARACTERS ? parseTooLarge(value) : parseResource(value);
  const line = document.lineOf(path) ?? document.line;
  const lineOf = (field: readonly PropertyKey[]): number => document.lineOf([...path, ...field]) ?? line;
  if (parsed.outcome === 'foreign')
    return { line, parsed, problems: [], annotationProblems: [], comparedLines: {} };
  const resource = nameOf(parsed);
  const problems = firstOf(parsed.problems).map((problem: FieldProblem) => ({
    line: problem.path.length === 0 ? line : lineOf(problem.path),
    resource,
    field: formatFieldPath(problem.path),
    text: problem.text,
    severity: problem.severity,
  }));
  const comparedLines =
    parsed.collection === 'ipPools' ? linesOf((field) => document.lineOf([...path, 'spec', field])) : {};
  return { line, parsed, problems, annotationProblems: judgeAnnotations(parsed, lineOf), comparedLines };
}

function judgeAnnotations(
  parsed: ParsedResource,
  lineOf: (field: readonly PropertyKey[]) => number,
): readonly DocumentProblem[] {
  if (parsed.outcome !== 'valid') return [];
  const { collection, key, resource } = parsed;
  return annotationProblems(collection, resource.metadata.annotations).map(({ annotation, text }) => {
    const path = ['metadata', 'annotations', annotation];
    return {
      line: lineOf(path),
      resource: resourceName(collection, key),
      field: formatFieldPath(path),
      text,
      severity: 'error',
    };
  });
}

/** Of one object's problems so many are told; ten thousand would help nobody. */
const MAX_PROBLEMS = 100;

function firstOf(problems: readonly FieldProblem[]): readonly FieldProblem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const severity = problems.some((problem) => problem.severity === 'error') ? 'error' : 'unknown-field';
  const text = `has ${problems.length - MAX_PROBLEMS} more problems than those listed`;
  return [...problems.slice(0, MAX_PROBLEMS), { path: [], text, severity }];
}

/** Says what the object is, without looking at the rest. */
function parseTooLarge(value: unknown): ParsedResource {
  const { apiVersion, kind, metadata } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const head = parseResource({ apiVersion, kind, metadata });
  if (head.outcome === 'foreign') return head;
  const text = `is larger than ${MAX_OBJECT_CHARACTERS / 1024 / 1024} MiB, the most that Kubernetes takes for one object`;
  const problems = [{ path: [], text, severity: 'error' }] as const;
  if (head.outcome === 'invalid') return { ...head, problems };
  return { outcome: 'invalid', collection: head.collection, kind: String(kind), key: head.key, problems };
}

function movedProblem(problem: DocumentProblem, lines: number): DocumentProblem {
  return { ...problem, line: problem.line + lines };
}

function linesOf(lineOf: (field: ComparedField) => number | null): ComparedLines {
  return Object.fromEntries(
    COMPARED_FIELDS.flatMap((field) => {
      const line = lineOf(field);
      return line === null ? [] : [[field, line] as const];
    }),
  );
}

function nameOf(parsed: Exclude<ParsedResource, { readonly outcome: 'foreign' }>): string | null {
  if (parsed.outcome === 'valid') return resourceName(parsed.collection, parsed.key);
  return parsed.kind === null || parsed.key === null ? null : `${parsed.kind}/${parsed.key}`;
}

/** A document that is no YAML: what it held is unknown. Kind and name are shown where they can be read. */
function brokenDocument(document: YamlDocument): ReadDocument {
  const kind = document.readable(['kind']);
  const name = document.readable(['metadata', 'name']);
  const resource = typeof kind === 'string' && typeof name === 'string' ? `${kind}/${name}` : null;
  const { line, text } = document.problem!;
  return {
    line: document.line,
    parsed: { outcome: 'invalid', collection: null, kind: null, key: null, problems: [] },
    problems: [{ line, resource, field: '', text, severity: 'error' }],
    annotationProblems: [],
    comparedLines: {},
  };
}

function moved(document: ReadDocument, lines: number): ReadDocument {
  if (lines === 0) return document;
  return {
    ...document,
    line: document.line + lines,
    comparedLines: linesOf((field) => {
      const line = document.comparedLines[field];
      return line === undefined ? null : line + lines;
    }),
    problems: document.problems.map((problem) => movedProblem(problem, lines)),
    annotationProblems: document.annotationProblems.map((problem) => movedProblem(problem, lines)),
  };
}
