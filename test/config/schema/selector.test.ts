import { isSelectorError, matchesSelector, parseSelector } from '../../../config/schema/selector.ts';
import fc from '../../support/property.ts';

const LABELS = { role: 'rr', rack: 'a-12', 'projectcalico.org/namespace': 'default', empty: '' };

function selects(text: string): boolean {
  const selector = parseSelector(text);
  if (isSelectorError(selector)) throw new Error(selector.text);
  return matchesSelector(selector, LABELS);
}

describe('selectors on labels role=rr, rack=a-12, projectcalico.org/namespace=default, empty=', () => {
  test.each([
    ['', true],
    ['all()', true],
    ['has(role)', true],
    ['has(absent)', false],
    ['!has(absent)', true],
    ['has(empty)', true],
    ['role == "rr"', true],
    ["role == 'rr'", true],
    ['role == "other"', false],
    ['absent == ""', false],
    ['role != "other"', true],
    ['absent != "x"', true],
    ['role in {"rr", "tor"}', true],
    ['role in { "tor" }', false],
    ['absent in {"rr"}', false],
    ['role not in {"tor"}', true],
    ['absent not in {"tor"}', true],
    ['role not in {"rr"}', false],
    ['rack contains "-1"', true],
    ['rack starts with "a-"', true],
    ['rack ends with "12"', true],
    ['rack ends with "13"', false],
    ['absent contains ""', false],
    ['projectcalico.org/namespace == "default"', true],
    ['global()', false],
    ['!global()', true],
    ['!!has(role)', true],
    ['has(role) && has(absent)', false],
    ['has(role) || has(absent)', true],
    ['!(has(role) && has(absent))', true],
  ])('%s: %s', (text, expected) => {
    expect(selects(text)).toBe(expected);
  });

  test('&& binds tighter than ||', () => {
    expect(selects('has(role) || has(absent) && has(absent)')).toBe(true);
    expect(selects('(has(role) || has(absent)) && has(absent)')).toBe(false);
  });

  test('global() selects what has no namespace', () => {
    const selector = parseSelector('global()');
    expect(isSelectorError(selector)).toBe(false);
    if (!isSelectorError(selector)) expect(matchesSelector(selector, { role: 'rr' })).toBe(true);
  });

  test('inherited properties of objects are no labels', () => {
    expect(selects('has(constructor)')).toBe(false);
    expect(selects('toString != "x"')).toBe(true);
  });
});

describe('a selector that cannot be read says where and why', () => {
  test.each([
    ['has(x', 5, 'expected ), found the end'],
    ['role = "rr"', 5, 'unexpected character "=" (write ==)'],
    ['role == rr', 8, 'expected a quoted string, found rr'],
    ['role', 4, 'expected an operator after label role, found the end'],
    ['role == "rr', 8, 'the string that begins with " does not end'],
    ['role not "x"', 9, 'expected in, found "x"'],
    ['any()', 0, 'unknown function any() (known are has, all and global)'],
    ['all() has(x)', 6, 'expected && or || before has'],
    ['role in "rr"', 8, 'expected {, found "rr"'],
    ['role in {"a" "b"}', 13, 'expected }, found "b"'],
    ['has(x) &&', 9, 'expected a label or a function, found the end'],
    ['(has(x)', 7, 'expected ), found the end'],
    ['role == "a" & has(x)', 12, 'unexpected character "&" (write &&)'],
  ])('%s', (text, at, message) => {
    expect(parseSelector(text)).toEqual({ at, text: message });
  });

  test('nesting without end is refused, not followed until the stack is exhausted', () => {
    expect(parseSelector('('.repeat(100_000))).toMatchObject({ text: 'more than 100 nested parentheses' });
    expect(selects(`${'!'.repeat(100_000)}all()`)).toBe(true);
  });

  test('no text makes the parser throw', () => {
    const token = fc.constantFrom(
      'has',
      'all',
      '(',
      ')',
      '!',
      '&&',
      '||',
      '==',
      '!=',
      'in',
      'not',
      '{',
      '}',
      ',',
      'k',
      '"v"',
      ' ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(token).map((tokens) => tokens.join(' ')),
        ),
        (text) => {
          parseSelector(text);
        },
      ),
    );
  });
});
