/** What the demo prints: numbered steps, the commands that it ran, and their output, indented. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const INDENT = '    ';

export interface Screen {
  title(text: string): void;
  /** The next numbered step. */
  step(text: string): void;
  /** A command line that has been run, as it could be typed. */
  command(words: readonly string[]): void;
  /** Output of a command, or a remark: indented below the step. */
  print(text: string): void;
}

/** @param isColoured styles for a terminal; plain text else */
export function createScreen(write: (text: string) => void, isColoured: boolean): Screen {
  const style = (format: Style, text: string): string =>
    isColoured ? styleText(format, text, { validateStream: false }) : text;
  let steps = 0;
  return {
    title: (text) => write(`${style('bold', text)}\n`),
    step: (text) => {
      steps += 1;
      write(`\n${style(['bold', 'cyan'], `${String(steps).padStart(2)}. ${text}`)}\n`);
    },
    command: (words) => write(`${INDENT}${style('green', `$ ${commandText(words)}`)}\n`),
    print: (text) => {
      const lines = text.trimEnd().split('\n');
      write(`${lines.map((line) => (INDENT + line).trimEnd()).join('\n')}\n`);
    },
  };
}

/** As a shell would read it: words with anything special are quoted. */
export function commandText(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
