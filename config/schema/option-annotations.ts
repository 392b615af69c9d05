/**
 * Annotations `manul.dev/…`: options that the fields of Calico's kinds have no place for. One that means nothing has no
 * effect where it is rendered, with a warning; `manul check` refuses it.
 */
import { parseDurationSec } from './duration.ts';
import type { CollectionName } from './registry.ts';

export const OPTION_PREFIX = 'manul.dev/';

/** How the text of an annotation becomes a value. */
export interface AnnotationForm<T> {
  /** Null: the text means nothing. */
  readonly parse: (text: string) => T | null;
  /** Completes `"x" is …`: `none of true, false`, `no number`. */
  readonly wrong: string;
}

function oneOf<const T extends string>(...values: readonly T[]): AnnotationForm<T> {
  return {
    parse: (text) => values.find((value) => value === text) ?? null,
    wrong: `none of ${values.join(', ')}`,
  };
}

/** A decimal integer from `min` to `max`. */
function integerBetween(min: number, max: number): AnnotationForm<number> {
  return {
    parse: (text) => {
      const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : null;
    },
    wrong: `no number from ${min} to ${max}`,
  };
}

/** A day: who wants to wait longer wants `never`. */
const MAX_RESTART_SEC = 86_400;

/** `never` is a value, too: the peer stays away until somebody lets it come. */
const restartTime: AnnotationForm<number | 'never'> = {
  parse: (text) => {
    if (text === 'never') return text;
    const seconds = parseDurationSec(text);
    return seconds !== null && seconds >= 1 && seconds <= MAX_RESTART_SEC ? seconds : null;
  },
  wrong: 'neither never nor a duration from 1s to 24h',
};

const interfaceName: AnnotationForm<string> = {
  parse: (text) => (/^[^\s/%]{1,15}$/.test(text) ? text : null),
  wrong: 'no name of an interface',
};

const toggle = oneOf('true', 'false');

export const PEER_OPTIONS = {
  'enforce-first-as': toggle,
  'import-protection': oneOf('strict', 'own', 'none'),
  interface: interfaceName,
  'max-prefixes': integerBetween(1, 2 ** 31),
  'max-prefixes-restart': restartTime,
  'max-prefixes-warning-percent': integerBetween(1, 100),
  multihop: toggle,
  'require-policy': toggle,
  role: oneOf('provider', 'rs', 'rs-client', 'customer', 'peer'),
  'strict-role': toggle,
} as const;

export const DECISION_OPTIONS = {
  'always-compare-med': toggle,
  /** At most as many next hops as are still worth writing into a kernel. */
  'max-paths': integerBetween(1, 64),
  multipath: oneOf('none', 'same', 'relaxed'),
} as const;

type Options = Readonly<Record<string, AnnotationForm<unknown>>>;

const OPTIONS: Partial<Record<CollectionName, Options>> = {
  bgpPeers: PEER_OPTIONS,
  bgpConfigurations: DECISION_OPTIONS,
};

export type OptionValue<F> = F extends AnnotationForm<infer T> ? T : never;

export interface AnnotationProblem {
  readonly annotation: string;
  readonly text: string;
}

/** Options of one resource that mean nothing, or that its kind does not have; `check` alone asks. */
export function annotationProblems(
  collection: CollectionName,
  annotations: Readonly<Record<string, string>>,
): AnnotationProblem[] {
  const options = OPTIONS[collection];
  if (options === undefined) return [];
  return Object.entries(annotations).flatMap(([annotation, text]) => {
    if (!annotation.startsWith(OPTION_PREFIX)) return [];
    const name = annotation.slice(OPTION_PREFIX.length);
    const form = Object.hasOwn(options, name) ? options[name] : undefined;
    if (form === undefined) return [{ annotation, text: 'is not a known annotation' }];
    return form.parse(text) === null ? [{ annotation, text: meansNothing(text, form) }] : [];
  });
}

/** `"x" is none of true, false`. */
export function meansNothing(text: string, { wrong }: AnnotationForm<unknown>): string {
  return `${JSON.stringify(text)} is ${wrong}`;
}
