/** Turns zod's issues into sentences that follow the field's path: "spec.asNumber must be …". */
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  bigint: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** Issues that a field's absence gives rise to. */
const MISSING: ReadonlySet<string> = new Set(['invalid_type', 'invalid_value', 'invalid_union']);

/** @param root the value that was parsed, for saying what stands in the place of what should. */
export function describeIssue(issue: Issue, root: unknown): string {
  const actual = valueAt(root, issue.path);
  if (actual === undefined && MISSING.has(issue.code)) return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return wrongType([issue.expected], actual);
    case 'invalid_union':
      return wrongUnion(issue.errors, actual);
    case 'invalid_value':
      return `must be ${orList(issue.values.map(String))}, is ${show(actual)}`;
    case 'too_small':
      return `must ${haveOrBe(issue.origin)} at least ${issue.minimum}${unit(issue.origin)}, ${is(issue.origin, actual)}`;
    case 'too_big':
      return `must ${haveOrBe(issue.origin)} at most ${issue.maximum}${unit(issue.origin)}, ${is(issue.origin, actual)}`;
    case 'invalid_format':
      return issue.message.startsWith('Invalid')
        ? `is malformed: ${show(actual)}`
        : `${issue.message}, is ${show(actual)}`;
    default:
      return issue.message;
  }
}

function wrongType(expected: readonly string[], actual: unknown): string {
  return `must be ${orList(expected.map((type) => TYPE_NAMES[type] ?? type))}, is ${show(actual)}`;
}

/** A union of plain types says so; otherwise the first branch that understood the type speaks. */
function wrongUnion(branches: readonly (readonly Issue[])[], actual: unknown): string {
  const expected = branches.flatMap((branch) =>
    branch.flatMap((issue) =>
      issue.code === 'invalid_type' && issue.path.length === 0 ? [issue.expected] : [],
    ),
  );
  if (expected.length >= branches.length) return wrongType(expected, actual);
  const understood = branches.find((branch) => !branch.some((issue) => issue.code === 'invalid_type'));
  const issue = understood?.[0];
  return issue === undefined ? `is malformed: ${show(actual)}` : describeIssue(issue, actual);
}

function haveOrBe(origin: string): string {
  return origin === 'array' || origin === 'string' || origin === 'record' ? 'have' : 'be';
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' || origin === 'record' ? ' entries' : '';
}

function is(origin: string, actual: unknown): string {
  if (origin === 'string') return `has ${String(actual).length}`;
  if (Array.isArray(actual)) return `has ${actual.length}`;
  return `is ${show(actual)}`;
}

/** A value as it stands in a message: short, with its type where that is the point. */
function show(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'bigint') return value.toString();
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function orList(words: readonly string[]): string {
  const unique = [...new Set(words)];
  return unique.length < 2 ? unique.join('') : `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`;
}

/** The value at a path inside parsed data; undefined where there is none. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** A path as users read it: `spec.exportV4[0].cidr`, `metadata.labels["a/b"]`. */
export function formatFieldPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(String(key)))
      text += text === '' ? String(key) : `.${String(key)}`;
    else text += `[${JSON.stringify(String(key))}]`;
  }
  return text;
}
