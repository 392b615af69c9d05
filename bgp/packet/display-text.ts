/**
 * Text that a peer sent (shutdown communications, host names, software versions) made safe to show: a terminal,
 * a log line and a table cell must not obey what a neighbor wrote.
 */

const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** C0, DEL, C1, line and paragraph separators, and the characters that turn the writing direction. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** UTF-8 with U+FFFD for what is malformed, and every unsafe character written as `\xNN` or `\u{NNNN}`. */
export function decodeDisplayText(bytes: Uint8Array): string {
  return escapeDisplayText(decoder.decode(bytes));
}

/** `text` with control and direction characters written as escapes. */
export function escapeDisplayText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0)!;
    const hex = code.toString(16);
    return code <= 0xff ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
  });
}
