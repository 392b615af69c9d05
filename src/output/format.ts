/** The three output formats of every read command. */
import type { Writable } from 'node:stream';
import { escapeJsonText } from './escape.ts';
import { type Column, streamTable } from './table.ts';
import { writeText } from './write.ts';

export type OutputFormat = 'table' | 'json' | 'yaml';
export const OUTPUT_FORMATS: readonly OutputFormat[] = ['table', 'json', 'yaml'];

/** Writes one value; `table` is called only for the table format. */
export async function writeValue(
  output: Writable,
  format: OutputFormat,
  value: unknown,
  table: () => string,
): Promise<void> {
  await writeText(output, await textOf(format, value, table));
}

/** Writes rows as they arrive: a table, a JSON array with one row a line, or a YAML sequence. */
export async function writeRows<Row>(
  output: Writable,
  format: OutputFormat,
  batches: AsyncIterable<readonly Row[]>,
  columns: readonly Column<Row>[],
): Promise<void> {
  const pieces =
    format === 'table'
      ? streamTable(columns, batches)
      : format === 'json'
        ? jsonPieces(batches)
        : yamlPieces(batches);
  for await (const piece of pieces) await writeText(output, piece);
}

/** One value of an endless stream: a line, a JSON object on one line, or a YAML document. */
export async function formatEvent(format: OutputFormat, value: unknown, line: () => string): Promise<string> {
  if (format === 'table') return `${line()}\n`;
  if (format === 'json') return `${escapeJsonText(JSON.stringify(value))}\n`;
  const { formatYaml } = await import('./yaml.ts');
  return `---\n${formatYaml(value)}`;
}

async function textOf(format: OutputFormat, value: unknown, table: () => string): Promise<string> {
  if (format === 'table') return table();
  if (format === 'json') return `${escapeJsonText(JSON.stringify(value, null, 2))}\n`;
  const { formatYaml } = await import('./yaml.ts');
  return formatYaml(value);
}

async function* jsonPieces(batches: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const batch of batches) {
    if (batch.length === 0) continue;
    yield separator + escapeJsonText(batch.map((row) => JSON.stringify(row)).join(',\n'));
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

async function* yamlPieces(batches: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> {
  const { formatYamlItems } = await import('./yaml.ts');
  let empty = true;
  for await (const batch of batches) {
    if (batch.length > 0) empty = false;
    yield formatYamlItems(batch);
  }
  if (empty) yield '[]\n';
}
