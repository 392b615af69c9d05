/**
 * One YAML (or JSON) document: its value, what is wrong with its syntax, and on which line a field stands.
 * Scalars are read as kubectl reads them: YAML 1.2's core schema, plus the words yes, no, on and off.
 */
import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type ScalarTag,
  visit,
} from 'yaml';

export interface YamlProblem {
  /** 1-based, inside the text that was parsed. */
  readonly line: number;
  readonly text: string;
}

export interface YamlDocument {
  /** Null where the syntax is broken. */
  readonly value: unknown;
  /** As far as it could be read: `kind` and `metadata.name` of a broken document, say. */
  readonly readable: (path: readonly PropertyKey[]) => unknown;
  readonly problem: YamlProblem | null;
  /** 1-based line of the field at `path`; null where there is no such field. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | null;
  /** Characters of the value at `path`; 0 where there is none. */
  readonly lengthOf: (path: readonly PropertyKey[]) => number;
  /** 1-based line on which the content begins. */
  readonly line: number;
}

/** Aliases may expand to this many nodes for one anchor before the document is refused. */
const MAX_ALIAS_COUNT = 100;

/** Integers beyond 2^53 keep their value: IPAM's sequence numbers are nanoseconds. */
const bigInteger: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?[0-9]{16,}$/,
  resolve: (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text.replace('+', ''))),
};
const yesOrNo: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:yes|on)$/i.test(text),
};

/** Parses text that holds at most one document. @returns null where it holds none (comments only). */
export function parseYamlDocument(text: string): YamlDocument | null {
  const lines = new LineCounter();
  try {
    const document = compose(text, lines);
    return document === null || document.contents === null
      ? brokenOrEmpty(document, lines)
      : read(document, lines);
  } catch (error) {
    // Nesting that exhausts the stack ends here.
    const reason = error instanceof Error ? error.message : String(error);
    return broken({ line: 1, text: `cannot be read: ${reason}` }, () => undefined, 1);
  }
}

function compose(text: string, lines: LineCounter): Document.Parsed | null {
  const composer = new Composer({
    customTags: (tags) => [bigInteger, yesOrNo, ...tags],
    merge: true,
    // The library compares each key with every other; `repeatedKey` below does it in linear time.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const tokens = new Parser(lines.addNewLine).parse(text);
  for (const document of composer.compose(tokens, true, text.length)) return document as Document.Parsed;
  return null;
}

function brokenOrEmpty(document: Document.Parsed | null, lines: LineCounter): YamlDocument | null {
  const problem = document === null ? null : syntaxProblem(document, lines);
  return problem === null ? null : broken(problem, () => undefined, problem.line);
}

function read(document: Document.Parsed, lines: LineCounter): YamlDocument {
  const line = lineAt(lines, document.contents?.range[0] ?? 0);
  const problem = syntaxProblem(document, lines);
  const readable = (path: readonly PropertyKey[]): unknown => scalarAt(document, path);
  if (problem !== null) return broken(problem, readable, line);
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    return {
      value,
      readable,
      problem: null,
      line,
      lineOf: (path) => lineOf(document, lines, path),
      lengthOf: (path) => lengthOf(document, path),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return broken({ line, text: `cannot be read: ${reason}` }, readable, line);
  }
}

function broken(problem: YamlProblem, readable: YamlDocument['readable'], line: number): YamlDocument {
  return { value: null, readable, problem, line, lineOf: () => null, lengthOf: () => 0 };
}

function syntaxProblem(document: Document.Parsed, lines: LineCounter): YamlProblem | null {
  const error = document.errors[0];
  if (error !== undefined) {
    return { line: lineAt(lines, error.pos[0]), text: `is no valid YAML: ${error.message}` };
  }
  const repeated = repeatedKey(document);
  if (repeated === null) return null;
  const { key, offset } = repeated;
  return {
    line: lineAt(lines, offset),
    text: `is no valid YAML: the key ${JSON.stringify(key)} is there twice`,
  };
}

/** The first key that stands twice in one mapping (YAML 1.2.2 §3.2.1.3), null where there is none. */
function repeatedKey(document: Document.Parsed): { readonly key: unknown; readonly offset: number } | null {
  let found: { readonly key: unknown; readonly offset: number } | null = null;
  visit(document, {
    Map: (_key, { items }) => {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === '<<') continue;
        if (!keys.has(key.value)) {
          keys.add(key.value);
          continue;
        }
        found = { key: key.value, offset: startOf(key) ?? 0 };
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return found;
}

/** Line of the key (or list entry) that `path` leads to. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): number | null {
  let node: unknown = document.contents;
  let offset: number | null = null;
  for (const key of path) {
    const step = descend(document, node, key);
    if (step === null) return null;
    [node, offset] = step;
  }
  return offset === null ? null : lineAt(lines, offset);
}

function lengthOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  for (const key of path) node = descend(document, node, key)?.[0];
  const range = isNode(node) ? (node as Node).range : null;
  return range == null ? 0 : range[1] - range[0];
}

/** The node behind one key, and where that key or entry begins. */
function descend(
  document: Document.Parsed,
  from: unknown,
  key: PropertyKey,
): [unknown, number | null] | null {
  const node = resolve(document, from);
  if (isSeq(node)) {
    const entry = node.items[Number(key)];
    return entry === undefined ? null : [entry, startOf(entry)];
  }
  if (!isMap(node)) return null;
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
  return pair === undefined ? null : [pair.value, startOf(pair.key)];
}

function scalarAt(document: Document.Parsed, path: readonly PropertyKey[]): unknown {
  let node: unknown = document.contents;
  for (const key of path) node = descend(document, node, key)?.[0];
  const found = resolve(document, node);
  return isScalar(found) ? found.value : undefined;
}

function resolve(document: Document.Parsed, node: unknown): unknown {
  return isAlias(node) ? (node as Alias).resolve(document) : node;
}

function startOf(node: unknown): number | null {
  return isNode(node) ? ((node as Node).range?.[0] ?? null) : null;
}

function lineAt(lines: LineCounter, offset: number): number {
  return Math.max(1, lines.linePos(offset).line);
}
