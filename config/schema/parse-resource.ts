/** One document, already parsed from YAML or JSON, into a typed resource or a list of what is wrong with it. */
import { describeIssue } from './issue-text.ts';
import {
  type AnyKind,
  CALICO_CRD_V1,
  type CollectionName,
  findKind,
  KINDS,
  MANUL_V1ALPHA1,
  versionsOfKind,
} from './registry.ts';
import type { AnyResource } from './resource-set.ts';

export interface FieldProblem {
  /** Where in the document; empty for all of it. */
  readonly path: readonly PropertyKey[];
  readonly text: string;
  readonly severity: 'error' | 'unknown-field';
}

export type ParsedResource =
  | {
      readonly outcome: 'valid';
      readonly collection: CollectionName;
      readonly key: string;
      readonly resource: AnyResource;
      /** Unknown fields only. */
      readonly problems: readonly FieldProblem[];
    }
  | {
      readonly outcome: 'invalid';
      /** Null where the document could not be understood so far. */
      readonly collection: CollectionName | null;
      readonly kind: string | null;
      readonly key: string | null;
      readonly problems: readonly FieldProblem[];
    }
  | { readonly outcome: 'foreign'; readonly apiVersion: string; readonly kind: string };

type Document = Record<string, unknown>;

/** Annotation in which the older CRD group keeps the v3 metadata (calico-node's own storage format). */
const METADATA_ANNOTATION = 'projectcalico.org/metadata';

export function parseResource(raw: unknown): ParsedResource {
  if (!isDocument(raw))
    return invalidDocument([], 'is no Kubernetes object: kind, apiVersion, metadata and spec are missing');
  const { kind, apiVersion } = raw;
  if (typeof kind !== 'string' || kind === '') return invalidDocument(['kind'], 'is required, as text');
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    return invalidDocument(['apiVersion'], 'is required, as text', kind);
  }
  const collection = findKind(apiVersion, kind);
  return collection === null ? unknownKind(apiVersion, kind) : parseAs(collection, raw);
}

function unknownKind(apiVersion: string, kind: string): ParsedResource {
  const versions = versionsOfKind(kind);
  const group = apiVersion.split('/')[0]!;
  if (group === 'manul.dev' && versions.length === 0) {
    return invalidDocument(['kind'], `${kind} is no kind of ${MANUL_V1ALPHA1}`, kind);
  }
  if (versions.some((version) => version.split('/')[0] === group)) {
    return invalidDocument(['apiVersion'], `must be ${versions.join(' or ')}, is ${apiVersion}`, kind);
  }
  return { outcome: 'foreign', apiVersion, kind };
}

function parseAs(collection: CollectionName, raw: Document): ParsedResource {
  const kind: AnyKind = KINDS[collection];
  const document = withoutNulls(raw) as Document;
  if (kind.strict) prepareStrict(document);
  const key = keyOf(document, kind.namespaced);
  const expanded = raw['apiVersion'] === CALICO_CRD_V1 ? expandMetadata(document) : null;
  if (expanded !== null)
    return { outcome: 'invalid', collection, kind: kind.kind, key, problems: [expanded] };

  const { result, unknown } = parseWithoutUnknownFields(kind, document);
  if (result.success && key !== null) {
    return { outcome: 'valid', collection, key, resource: result.data as AnyResource, problems: unknown };
  }
  const errors = (result.error?.issues ?? []).map(
    (issue): FieldProblem => ({ path: issue.path, text: describeIssue(issue, document), severity: 'error' }),
  );
  return { outcome: 'invalid', collection, kind: kind.kind, key, problems: [...errors, ...unknown] };
}

/** Parses; unknown fields are named and taken out of `document`, so that they do not spoil the rest. */
function parseWithoutUnknownFields(kind: AnyKind, document: Document) {
  const unknown: FieldProblem[] = [];
  // Taking a field out may bring further ones to light, inside a union say: parse until none is left.
  for (;;) {
    const result = kind.schema.safeParse(document);
    const paths = (result.error?.issues ?? []).flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [],
    );
    if (paths.length === 0) return { result, unknown };
    for (const path of paths) {
      unknown.push({ path, text: 'is not a known field', severity: 'unknown-field' });
      removeAt(document, path);
    }
  }
}

function removeAt(root: Document, path: readonly PropertyKey[]): void {
  let parent: Record<PropertyKey, unknown> = root;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<PropertyKey, unknown>;
  delete parent[path.at(-1)!];
}

/** Calico's kinds: status is never judged, and an empty string in the spec means that the field is absent. */
function prepareStrict(document: Document): void {
  delete document['status'];
  const { spec } = document;
  if (!isDocument(spec)) return;
  for (const [field, value] of Object.entries(spec)) if (value === '') delete spec[field];
}

/** `name` or `namespace/name`; null where the name is missing. */
function keyOf(document: Document, namespaced: boolean): string | null {
  const { metadata } = document;
  if (!isDocument(metadata)) return null;
  const { name } = metadata;
  if (typeof name !== 'string' || name === '') return null;
  if (!namespaced) return name;
  if (typeof metadata['namespace'] !== 'string') metadata['namespace'] = 'default';
  return `${metadata['namespace']}/${name}`;
}

/** Puts the v3 metadata back that the older CRD group keeps in an annotation. */
function expandMetadata(document: Document): FieldProblem | null {
  const { metadata } = document;
  if (!isDocument(metadata) || !isDocument(metadata['annotations'])) return null;
  const annotations = metadata['annotations'];
  const json = annotations[METADATA_ANNOTATION];
  if (json === undefined) return null;
  delete annotations[METADATA_ANNOTATION];
  const stored = typeof json === 'string' ? parseJsonObject(json) : null;
  if (stored === null) {
    const path = ['metadata', 'annotations', METADATA_ANNOTATION];
    return { path, text: 'is no JSON object', severity: 'error' };
  }
  for (const field of ['labels', 'annotations']) {
    metadata[field] = { ...asDocument(stored[field]), ...asDocument(metadata[field]) };
  }
  return null;
}

function parseJsonObject(json: string): Document | null {
  try {
    const parsed: unknown = JSON.parse(json);
    return isDocument(parsed) ? parsed : null;
  } catch {
    return null; // the caller names the annotation
  }
}

/**
 * A copy in which null properties are absent, as the API server stores them. Null entries of lists stay: they
 * mean something in IPAM blocks.
 */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isDocument(value)) return value;
  const entries = Object.entries(value).filter(([key, field]) => field !== null && key !== '__proto__');
  return Object.fromEntries(entries.map(([key, field]) => [key, withoutNulls(field)]));
}

function invalidDocument(
  path: readonly PropertyKey[],
  text: string,
  kind: string | null = null,
): ParsedResource {
  return {
    outcome: 'invalid',
    collection: null,
    kind,
    key: null,
    problems: [{ path, text, severity: 'error' }],
  };
}

function isDocument(value: unknown): value is Document {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

function asDocument(value: unknown): Document {
  return isDocument(value) ? value : {};
}
