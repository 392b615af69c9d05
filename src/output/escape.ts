/**
 * Makes text from outside (shutdown communications, host names, file names) harmless on a terminal: control and
 * format characters, bidirectional overrides and lone surrogates become visible escapes.
 */

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** What JSON.stringify leaves as it is although terminals and bidirectional text act on it. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Nearly all text: one look at it costs a fraction of the search for what is unsafe. */
const PLAIN = /^[\x20-\x7e]*$/;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `text` on one line, with every unsafe character written as `\n`, `\x1b` or `\u202e`. */
export function escapeControl(text: string): string {
  return PLAIN.test(text)
    ? text
    : text.replace(UNSAFE, (character) => SHORT[character] ?? visible(character));
}

/** Serialised JSON with the same meaning and no character that a terminal acts on, line breaks apart. */
export function escapeJsonText(json: string): string {
  return json.replace(UNSAFE_IN_JSON, utf16Escapes);
}

const BEYOND_ASCII = /[^\n\x20-\x7e]/;

/** JSON of `value` that does no harm on a terminal, whoever prints it. Plain ASCII, as of routes, costs one look. */
export function safeJson(value: unknown): string {
  const json = JSON.stringify(value);
  return BEYOND_ASCII.test(json) ? escapeJsonText(json) : json;
}

/** For text that becomes JSON later: what JSON would leave to act on a terminal is made visible. */
export function escapeBeyondJson(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE_IN_JSON, visible);
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : utf16Escapes(character);
}

function utf16Escapes(character: string): string {
  let text = '';
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return text;
}
