/**
 * Schemas of resources as API servers take them: structural OpenAPI v3, out of the same zod schemas that read files.
 * What these cannot say (parsers, rules between fields beyond `has`) stays with the reader. Defaults are told in the
 * description only: a server would write them into every object, and they could never change again.
 */
import { z } from 'zod';
import type { AnyKind } from './registry.ts';
import { VALIDATIONS } from './rules.ts';

export type JsonSchema = { readonly [keyword: string]: unknown };

const ANYTHING: JsonSchema = { 'x-kubernetes-preserve-unknown-fields': true };
const COPIED_KEYWORDS = [
  ...[
    'description',
    'format',
    'enum',
    'maxItems',
    'maxLength',
    'maxProperties',
    'minItems',
    'minLength',
    'minProperties',
    'pattern',
    VALIDATIONS,
  ],
];
/** What every text is limited to that says nothing of its own: no need to repeat it for everybody. */
const USUAL_MAX_LENGTH = 4096;

const STATUS: JsonSchema = {
  description: 'What became of the resource',
  type: 'object',
  properties: {
    conditions: {
      description: 'Accepted: the resource is in force as it is written; if not, its last good version is',
      type: 'array',
      items: ANYTHING,
    },
  },
  ...ANYTHING,
};

/** Of a kind's whole object: JSON Schema, in which unknown fields are refused. */
function jsonSchema(kind: AnyKind): JsonSchema {
  return z.toJSONSchema(kind.schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (jsonSchema.pattern !== undefined) jsonSchema.pattern = patternOf(zodSchema, jsonSchema.pattern);
    },
  }) as JsonSchema;
}

/** JSON Schema of a kind's `spec`, for those who write one inside something else. */
export function specSchema(kind: AnyKind): JsonSchema {
  return (jsonSchema(kind)['properties'] as Record<string, JsonSchema>)['spec']!;
}

/** The whole object, with `metadata.name` and `status`. */
export function structuralSchema(kind: AnyKind, description: string): JsonSchema {
  const whole = jsonSchema(kind);
  const { spec, metadata } = whole['properties'] as Record<string, JsonSchema>;
  const { name } = metadata!['properties'] as Record<string, JsonSchema>;
  const isRequired = (whole['required'] as readonly string[]).includes('spec');
  return {
    description,
    type: 'object',
    ...(isRequired ? { required: ['spec'] } : {}),
    ...(whole[VALIDATIONS] === undefined ? {} : { [VALIDATIONS]: whole[VALIDATIONS] }),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      // the server has descriptions of its own for these
      metadata: { type: 'object', properties: { name: { type: 'string', pattern: name!['pattern'] } } },
      spec: { description: 'What is wanted', ...structural(spec!, 'spec') },
      status: STATUS,
    },
  };
}

function structural(schema: JsonSchema, path: string): JsonSchema {
  const alternatives = (schema['anyOf'] as readonly JsonSchema[] | undefined) ?? null;
  if (alternatives !== null) return { ...copied(schema), ...unionOf(alternatives, path) };
  const { type } = schema;
  if (Array.isArray(type)) {
    const types = type.map((name) => ({ type: name }));
    return { ...copied(schema), ...bounds(schema), ...unionOf(types, path) };
  }
  if (type === undefined)
    return { ...copied(schema), ...(schema['enum'] === undefined ? ANYTHING : { type: 'string' }) };
  if (type === 'array') {
    return { type, ...copied(schema), items: structural(schema['items'] as JsonSchema, `${path}[]`) };
  }
  if (type !== 'object') return { type, ...copied(schema), ...bounds(schema) };
  const properties = schema['properties'] as Readonly<Record<string, JsonSchema>> | undefined;
  if (properties === undefined) {
    const values = structural((schema['additionalProperties'] ?? {}) as JsonSchema, `${path}.*`);
    return { type, ...copied(schema), additionalProperties: values };
  }
  const fields = Object.entries(properties).map(([key, field]) => [key, structural(field, `${path}.${key}`)]);
  const required = schema['required'] as readonly string[] | undefined;
  return {
    type,
    ...copied(schema),
    ...(required === undefined || required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(fields),
  };
}

/** One of null and something; a number or its text; else anything: a structural schema knows no other unions. */
function unionOf(alternatives: readonly JsonSchema[], path: string): JsonSchema {
  const others = alternatives.filter(({ type }) => type !== 'null');
  if (others.length === 1 && others.length < alternatives.length) {
    return { ...structural(others[0]!, path), nullable: true };
  }
  const types = new Set(others.map(({ type }) => (type === 'integer' ? 'number' : type)));
  const isNumberOrText = types.size === 2 && types.has('number') && types.has('string');
  return isNumberOrText ? { 'x-kubernetes-int-or-string': true } : ANYTHING;
}

function copied(schema: JsonSchema): JsonSchema {
  const kept = COPIED_KEYWORDS.filter((keyword) => schema[keyword] !== undefined).filter(
    (keyword) => keyword !== 'maxLength' || schema[keyword] !== USUAL_MAX_LENGTH,
  );
  const text = withDefault(schema);
  return {
    ...Object.fromEntries(kept.map((keyword) => [keyword, schema[keyword]])),
    ...(text === null ? {} : { description: text }),
  };
}

/** The description, with the default where it has one. */
function withDefault({ description, default: value }: JsonSchema): string | null {
  if (typeof description !== 'string') return null;
  const isShown = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isShown && !description.includes('; default') ? `${description}; default ${value}` : description;
}

/** Those of JavaScript's safe integers are no limits of the field. */
function bounds({ type, minimum, maximum }: JsonSchema): JsonSchema {
  const isSafe = (bound: unknown): boolean =>
    typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  return {
    ...(type === 'integer' ? { format: 'int64' } : {}),
    ...(isSafe(minimum) ? { minimum } : {}),
    ...(isSafe(maximum) ? { maximum } : {}),
  };
}

/** Go's regular expressions, which API servers use, have flags inside. */
function patternOf(schema: z.core.$ZodTypes, source: string): string {
  const patterns = (schema._zod.bag['patterns'] as ReadonlySet<RegExp> | undefined) ?? new Set();
  const found = [...patterns].find((pattern) => pattern.source === source);
  return found?.ignoreCase === true ? `(?i)${source}` : source;
}
