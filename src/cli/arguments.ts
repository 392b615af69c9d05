/** Flags and environment → the raw values of a command. A flag wins over its variable, a variable over its aliases. */
import { usageError } from './command-error.ts';
import { type Flag, variableOf } from './flags.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a command is called with: flags by name, positionals by name. Absent: neither flag nor variable. */
export interface RawArguments {
  readonly text: (name: string) => string | undefined;
  readonly isOn: (name: string) => boolean;
  readonly list: (name: string) => readonly string[];
}

const ON = ['1', 'true', 'yes', 'on'];
const OFF = ['', '0', 'false', 'no', 'off'];

/**
 * @param parsed what the command line held, by flag or positional name
 * @throws CommandError (usage) when a flag is repeated, or a value is none of its choices
 */
export function readArguments(
  flags: readonly Flag[],
  parsed: Readonly<Record<string, unknown>>,
  environment: Environment,
): RawArguments {
  const values = new Map<string, readonly string[] | boolean>();
  for (const [name, value] of Object.entries(parsed)) {
    const given = givenValue(name, value, flags);
    if (given !== undefined) values.set(name, given);
  }
  for (const flag of flags) {
    if (!values.has(flag.name)) addFromEnvironment(values, flag, environment);
  }
  return {
    text: (name) => {
      const value = values.get(name);
      return Array.isArray(value) ? value[0] : undefined;
    },
    isOn: (name) => values.get(name) === true,
    list: (name) => {
      const value = values.get(name);
      return Array.isArray(value) ? value : [];
    },
  };
}

function givenValue(
  name: string,
  value: unknown,
  flags: readonly Flag[],
): readonly string[] | boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  const texts = Array.isArray(value) ? value.map(String) : [String(value)];
  const flag = flags.find((one) => one.name === name);
  if (flag !== undefined) checkValues(flag, texts, `--${name}`);
  return texts;
}

function addFromEnvironment(
  values: Map<string, readonly string[] | boolean>,
  flag: Flag,
  environment: Environment,
): void {
  const variable = [variableOf(flag), ...(flag.environmentAliases ?? [])].find(
    (name) => (environment[name] ?? '') !== '',
  );
  if (variable === undefined) return;
  const text = environment[variable] ?? '';
  if (flag.kind === 'switch') {
    values.set(flag.name, switchValue(variable, text));
    return;
  }
  const texts = flag.kind === 'paths' ? text.split(':').filter((path) => path !== '') : [text];
  checkValues(flag, texts, variable);
  values.set(flag.name, texts);
}

function checkValues(flag: Flag, texts: readonly string[], where: string): void {
  if (flag.kind === 'text' && texts.length > 1) throw usageError(`${where} is given more than once`);
  for (const text of texts) {
    if (text === '') throw usageError(`${where} needs a value`);
    if (flag.choices !== undefined && !flag.choices.includes(text)) {
      throw usageError(`${where}: "${text}" is none of ${flag.choices.join(', ')}`);
    }
  }
}

function switchValue(variable: string, text: string): boolean {
  const value = text.toLowerCase();
  if (ON.includes(value)) return true;
  if (OFF.includes(value)) return false;
  throw usageError(`${variable}: "${text}" is neither true nor false`);
}
