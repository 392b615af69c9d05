/** Splits selector text into tokens. Positions are 0-based character offsets, for error messages. */

export type SelectorToken =
  | { readonly kind: 'word'; readonly text: string; readonly at: number }
  | { readonly kind: 'string'; readonly text: string; readonly at: number }
  | { readonly kind: 'symbol'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

export interface SelectorError {
  /** 0-based offset into the selector's text. */
  readonly at: number;
  readonly text: string;
}

const SPACE = /[ \t\r\n]+/y;
const WORD = /[A-Za-z0-9_./-]+/y;
const SYMBOL = /==|!=|&&|\|\||[!(){},]/y;

/** @returns the tokens, an `end` token last; or the first character that no token begins with. */
export function lexSelector(text: string): readonly SelectorToken[] | SelectorError {
  const tokens: SelectorToken[] = [];
  let at = 0;
  while (at < text.length) {
    const space = matchAt(SPACE, text, at);
    if (space !== null) {
      at += space.length;
      continue;
    }
    const quote = text[at]!;
    if (quote === '"' || quote === "'") {
      const end = text.indexOf(quote, at + 1);
      if (end < 0) return { at, text: `the string that begins with ${quote} does not end` };
      tokens.push({ kind: 'string', text: text.slice(at + 1, end), at });
      at = end + 1;
      continue;
    }
    const symbol = matchAt(SYMBOL, text, at);
    const token = symbol ?? matchAt(WORD, text, at);
    if (token === null) return { at, text: `unexpected character ${JSON.stringify(quote)}${hintFor(quote)}` };
    tokens.push({ kind: symbol === null ? 'word' : 'symbol', text: token, at });
    at += token.length;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function hintFor(character: string): string {
  const hints: Readonly<Record<string, string>> = {
    '=': ' (write ==)',
    '&': ' (write &&)',
    '|': ' (write ||)',
  };
  return hints[character] ?? '';
}
