/** Rules between the fields of one object: exclusions and dependencies. */
import { z } from 'zod';

/** The extension of JSON Schema by which an API server checks rules between fields, in CEL. */
export const VALIDATIONS = 'x-kubernetes-validations';

/** Fields as far as they could be parsed; a field that is wrong is here as it was written. */
export type Fields = Readonly<Record<string, unknown>>;
export type Path = readonly (string | number)[];

/** One rule: `broken` says what is wrong ("<field> …"), or null. */
export interface Rule {
  readonly field: string;
  readonly broken: (fields: Fields) => string | null;
  /** The same for API servers, where it is cheap: an expression in CEL that holds, and what to say when it does not. */
  readonly cel?: { readonly rule: string; readonly message: string };
}

/**
 * Adds a check that runs even where single fields are wrong, so that everything is named at once. Its input may
 * therefore hold values of the wrong type; a check that cannot make sense of one says nothing, for that is named.
 */
export function judged<S extends z.ZodType>(
  schema: S,
  judge: (fields: Fields, report: (path: Path, text: string) => void) => void,
): S {
  const check = new z.core.$ZodCheck({ check: 'custom', when: () => true });
  check._zod.check = (payload) => {
    const isWrongAlready = payload.issues.length > 0;
    try {
      judge(asFields(payload.value), (path, text) => {
        payload.issues.push({ code: 'custom', path: [...path], message: text, input: payload.value });
      });
    } catch (error) {
      if (!isWrongAlready) throw error;
    }
  };
  return schema.check(check) as S;
}

export function withRules<S extends z.ZodObject>(schema: S, rules: readonly Rule[]): S {
  const validations = rules.flatMap(({ cel }) => (cel === undefined ? [] : [cel]));
  const ruled = judged(schema, (fields, report) => {
    for (const rule of rules) {
      const text = rule.broken(fields);
      if (text !== null) report([rule.field], text);
    }
  });
  return validations.length === 0 ? ruled : ruled.meta({ [VALIDATIONS]: validations });
}

const has = (field: string): string => `has(self.${field})`;

/** `field` must not stand beside any of `others`. */
export function excludes(field: string, ...others: readonly string[]): Rule {
  return {
    field,
    broken: (fields) => {
      if (!isSet(fields[field])) return null;
      const present = others.filter((other) => isSet(fields[other]));
      return present.length > 0 ? `excludes ${present.join(', ')}` : null;
    },
    cel: {
      rule: `!${has(field)} || !(${others.map(has).join(' || ')})`,
      message: `${field} excludes ${others.join(', ')}`,
    },
  };
}

/** `field` is only allowed together with `other`. */
export function needs(field: string, other: string): Rule {
  return {
    field,
    broken: (fields) => (isSet(fields[field]) && !isSet(fields[other]) ? `needs ${other}` : null),
    cel: { rule: `!${has(field)} || ${has(other)}`, message: `${field} needs ${other}` },
  };
}

export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The value as fields; no fields where it is no object. */
export function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
