/**
 * Calico's label selectors: `has(k)`, `k == "v"`, `k != "v"`, `k in {"a", "b"}`, `k not in {…}`,
 * `k contains "s"`, `k starts with "s"`, `k ends with "s"`, `all()`, `global()`, `!`, `&&`, `||`, parentheses.
 * `&&` binds tighter than `||`. Negative comparisons hold for an absent label, positive ones do not.
 */
import { lexSelector, type SelectorError, type SelectorToken } from './selector-lexer.ts';

export type { SelectorError } from './selector-lexer.ts';

export type SelectorOperator = '==' | '!=' | 'in' | 'not in' | 'contains' | 'starts with' | 'ends with';

export type SelectorExpression =
  | { readonly kind: 'all' }
  | { readonly kind: 'global' }
  | { readonly kind: 'has'; readonly label: string }
  | {
      readonly kind: 'compare';
      readonly label: string;
      readonly operator: SelectorOperator;
      readonly values: readonly string[];
    }
  | { readonly kind: 'not'; readonly operand: SelectorExpression }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly SelectorExpression[] };

export interface Selector {
  /** As written. */
  readonly text: string;
  readonly expression: SelectorExpression;
}

export type Labels = Readonly<Record<string, string>>;

/** Label that only namespaced endpoints carry; `global()` selects everything without it. */
const NAMESPACE_LABEL = 'projectcalico.org/namespace';
const MAX_DEPTH = 100;

/** Selects everything. */
export const ALL: Selector = { text: 'all()', expression: { kind: 'all' } };

/** Parses a selector; empty text selects everything. */
export function parseSelector(text: string): Selector | SelectorError {
  const tokens = lexSelector(text);
  if (!isTokenList(tokens)) return tokens;
  if (tokens.length === 1) return { text, expression: { kind: 'all' } };
  const parser = new SelectorParser(tokens);
  try {
    return { text, expression: parser.parse() };
  } catch (error) {
    if (error instanceof SelectorSyntaxError) return { at: error.at, text: error.message };
    throw error;
  }
}

export function isSelectorError(parsed: Selector | SelectorError): parsed is SelectorError {
  return 'at' in parsed;
}

/** Whether an object with these labels is selected. */
export function matchesSelector(selector: Selector, labels: Labels): boolean {
  return evaluate(selector.expression, labels);
}

function evaluate(expression: SelectorExpression, labels: Labels): boolean {
  switch (expression.kind) {
    case 'all':
      return true;
    case 'global':
      return !Object.hasOwn(labels, NAMESPACE_LABEL);
    case 'has':
      return Object.hasOwn(labels, expression.label);
    case 'not':
      return !evaluate(expression.operand, labels);
    case 'and':
      return expression.operands.every((operand) => evaluate(operand, labels));
    case 'or':
      return expression.operands.some((operand) => evaluate(operand, labels));
    case 'compare': {
      const value = Object.hasOwn(labels, expression.label) ? labels[expression.label] : undefined;
      return compare(expression.operator, value, expression.values);
    }
  }
}

function compare(operator: SelectorOperator, value: string | undefined, values: readonly string[]): boolean {
  if (operator === '!=' || operator === 'not in') return value === undefined || !values.includes(value);
  if (value === undefined) return false;
  switch (operator) {
    case 'contains':
      return value.includes(values[0]!);
    case 'starts with':
      return value.startsWith(values[0]!);
    case 'ends with':
      return value.endsWith(values[0]!);
    default:
      return values.includes(value);
  }
}

function isTokenList(tokens: readonly SelectorToken[] | SelectorError): tokens is readonly SelectorToken[] {
  return Array.isArray(tokens);
}

/** Thrown inside the parser only; `parseSelector` turns it into a value. */
class SelectorSyntaxError extends Error {
  readonly at: number;

  constructor(at: number, text: string) {
    super(text);
    this.at = at;
  }
}

/** Recursive descent: or → and → unary → primary. */
class SelectorParser {
  readonly #tokens: readonly SelectorToken[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly SelectorToken[]) {
    this.#tokens = tokens;
  }

  parse(): SelectorExpression {
    const expression = this.#or();
    const rest = this.#peek();
    if (rest.kind !== 'end') this.#fail(`expected && or || before ${describe(rest)}`);
    return expression;
  }

  #or(): SelectorExpression {
    return this.#chain('or', '||', () => this.#chain('and', '&&', () => this.#unary()));
  }

  #chain(kind: 'and' | 'or', symbol: string, operand: () => SelectorExpression): SelectorExpression {
    const operands = [operand()];
    while (this.#accept(symbol)) operands.push(operand());
    return operands.length === 1 ? operands[0]! : { kind, operands };
  }

  #unary(): SelectorExpression {
    let negated = false;
    while (this.#accept('!')) negated = !negated;
    const operand = this.#primary();
    return negated ? { kind: 'not', operand } : operand;
  }

  #primary(): SelectorExpression {
    if (this.#accept('(')) {
      this.#depth++;
      if (this.#depth > MAX_DEPTH) this.#fail(`more than ${MAX_DEPTH} nested parentheses`);
      const inner = this.#or();
      this.#expect(')');
      this.#depth--;
      return inner;
    }
    const token = this.#peek();
    if (token.kind !== 'word') this.#fail(`expected a label or a function, found ${describe(token)}`);
    this.#next++;
    return this.#isSymbol('(') ? this.#call(token) : this.#comparison(token.text);
  }

  #call(name: SelectorToken): SelectorExpression {
    this.#expect('(');
    if (name.text === 'all' || name.text === 'global') {
      this.#expect(')');
      return { kind: name.text };
    }
    if (name.text !== 'has') {
      this.#failAt(name.at, `unknown function ${name.text}() (known are has, all and global)`);
    }
    const label = this.#peek();
    if (label.kind !== 'word') this.#fail(`expected a label in has(), found ${describe(label)}`);
    this.#next++;
    this.#expect(')');
    return { kind: 'has', label: label.text };
  }

  #comparison(label: string): SelectorExpression {
    const operator = this.#operator(label);
    const values = operator === 'in' || operator === 'not in' ? this.#set() : [this.#string()];
    return { kind: 'compare', label, operator, values };
  }

  #operator(label: string): SelectorOperator {
    const token = this.#peek();
    this.#next++;
    switch (token.text) {
      case '==':
      case '!=':
        if (token.kind === 'symbol') return token.text;
        break;
      case 'in':
      case 'contains':
        return token.text;
      case 'not':
        this.#expectWord('in');
        return 'not in';
      case 'starts':
        this.#expectWord('with');
        return 'starts with';
      case 'ends':
        this.#expectWord('with');
        return 'ends with';
    }
    return this.#failAt(token.at, `expected an operator after label ${label}, found ${describe(token)}`);
  }

  #set(): string[] {
    this.#expect('{');
    const values: string[] = [];
    if (this.#accept('}')) return values;
    do values.push(this.#string());
    while (this.#accept(','));
    this.#expect('}');
    return values;
  }

  #string(): string {
    const token = this.#peek();
    if (token.kind !== 'string') this.#fail(`expected a quoted string, found ${describe(token)}`);
    this.#next++;
    return token.text;
  }

  #expect(symbol: string): void {
    if (!this.#accept(symbol)) this.#fail(`expected ${symbol}, found ${describe(this.#peek())}`);
  }

  #expectWord(word: string): void {
    const token = this.#peek();
    if (token.kind !== 'word' || token.text !== word) {
      this.#fail(`expected ${word}, found ${describe(token)}`);
    }
    this.#next++;
  }

  #accept(symbol: string): boolean {
    if (!this.#isSymbol(symbol)) return false;
    this.#next++;
    return true;
  }

  #isSymbol(symbol: string): boolean {
    const token = this.#peek();
    return token.kind === 'symbol' && token.text === symbol;
  }

  /** The next token; the `end` token repeats. */
  #peek(): SelectorToken {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]!;
  }

  #fail(text: string): never {
    return this.#failAt(this.#peek().at, text);
  }

  #failAt(at: number, text: string): never {
    throw new SelectorSyntaxError(at, text);
  }
}

function describe(token: SelectorToken): string {
  if (token.kind === 'end') return 'the end';
  return token.kind === 'string' ? `"${token.text}"` : token.text;
}
