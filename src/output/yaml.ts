/**
 * YAML output of plain values, in block style. Written here because the lists are long (a general library takes a
 * minute for 200,000 routes), and because readers differ in what they take for a number or a date: whatever is not
 * plainly a word, an address or a prefix is quoted, so that YAML 1.1 reads `64512:1` and a time as text, too.
 */
import { escapeJsonText } from './escape.ts';

const WORD = /^[A-Za-z][A-Za-z0-9_./-]*$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?$/;
/** Words that YAML 1.1 or 1.2 reads as something else than text. */
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null|e\d+)$/i;

/** One value, of what JSON knows, as YAML text, ended by a line feed. Fields that are undefined are left out. */
export function formatYaml(value: unknown): string {
  // What is unsafe on a terminal stands inside double quotes, where YAML knows the escapes of JSON.
  return escapeJsonText(isNested(value) ? block(value, '') : `${scalar(value)}\n`);
}

/** The items of a sequence, to be written one batch after the other. */
export function formatYamlItems(items: readonly unknown[]): string {
  return items.length === 0 ? '' : formatYaml(items);
}

/** Lines, each with its line feed; all but the first begin with `indent`. */
function block(value: object, indent: string): string {
  let text = '';
  let lead = '';
  if (Array.isArray(value)) {
    for (const item of value) {
      text += `${lead}- ${isNested(item) ? block(item, `${indent}  `) : `${scalar(item)}\n`}`;
      lead = indent;
    }
    return text;
  }
  for (const [key, field] of fieldsOf(value)) {
    text += `${lead}${scalar(key)}:`;
    if (isNested(field)) text += `\n${indent}  ${block(field, `${indent}  `)}`;
    else text += ` ${scalar(field)}\n`;
    lead = indent;
  }
  return text;
}

function fieldsOf(value: object): readonly [string, unknown][] {
  return Object.entries(value).filter(([, field]) => field !== undefined);
}

/** Needs lines of its own; an empty list or object does not. */
function isNested(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? value.length > 0 : fieldsOf(value).length > 0;
}

function scalar(value: unknown): string {
  if (typeof value === 'string') {
    const isPlain = IPV4.test(value) || (WORD.test(value) && !RESERVED.test(value));
    return isPlain ? value : JSON.stringify(value);
  }
  return JSON.stringify(value) ?? 'null';
}
