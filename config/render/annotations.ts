/** Annotations `manul.dev/…` of a BGPPeer: options that Calico's fields have no place for. */
import type { BgpPeer } from '../schema/resource-set.ts';
import type { RenderContext } from './render-context.ts';

const PREFIX = 'manul.dev/';

/** How the text of an annotation becomes a value. */
export interface AnnotationForm<T> {
  /** Null: the text means nothing. */
  readonly parse: (text: string) => T | null;
  /** Completes `"x" is …`: `none of true, false`, `no number`. */
  readonly wrong: string;
}

export function oneOf<T extends string>(values: readonly T[]): AnnotationForm<T> {
  return {
    parse: (text) => values.find((value) => value === text) ?? null,
    wrong: `none of ${values.join(', ')}`,
  };
}

/** A decimal integer from `min` to `max`. */
export function integerBetween(min: number, max: number): AnnotationForm<number> {
  return {
    parse: (text) => {
      const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : null;
    },
    wrong: `no number from ${min} to ${max}`,
  };
}

/** @returns null where the annotation is missing, or means nothing, which is a warning */
export function peerAnnotation<T>(
  { warnings }: RenderContext,
  { metadata }: BgpPeer,
  name: string,
  { parse, wrong }: AnnotationForm<T>,
): T | null {
  const text = metadata.annotations[PREFIX + name];
  if (text === undefined) return null;
  const value = parse(text);
  if (value === null) {
    const field = `metadata.annotations[${PREFIX}${name}]`;
    warnings.add(`BGPPeer/${metadata.name}`, field, `${JSON.stringify(text)} is ${wrong}: it has no effect`);
  }
  return value;
}
