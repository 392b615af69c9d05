/** Tables for people: aligned columns, two spaces apart, nothing that a terminal would act on. */
import { displayWidth } from './display-width.ts';
import { escapeControl } from './escape.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number;
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/** Rows that decide the widths of a streamed table; later rows that are wider only lose their alignment. */
export const SAMPLE_ROWS = 1000;

/** Title line and rows, each ended by a line feed. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => cellsOf(columns, row));
  const widths = widthsOf(columns, cells);
  return [titleLine(columns, widths), ...cells.map((line) => formatLine(columns, line, widths))].join('');
}

/** The same table piece by piece: the widths are those of the first `SAMPLE_ROWS` rows. */
export async function* streamTable<Row>(
  columns: readonly Column<Row>[],
  batches: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string> {
  let sample: string[][] = [];
  let widths: readonly number[] | null = null;
  for await (const batch of batches) {
    const cells = batch.map((row) => cellsOf(columns, row));
    if (widths !== null) {
      const fixed = widths;
      yield cells.map((line) => formatLine(columns, line, fixed)).join('');
      continue;
    }
    sample = sample.concat(cells);
    if (sample.length < SAMPLE_ROWS) continue;
    widths = widthsOf(columns, sample);
    yield sampleText(columns, sample, widths);
    sample = [];
  }
  if (widths === null) yield sampleText(columns, sample, widthsOf(columns, sample));
}

/** `name: value` lines with the values aligned. */
export function formatFields(fields: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(0, ...fields.map(([name]) => displayWidth(name)));
  return fields
    .map(([name, value]) => `${pad(`${name}:`, width + 1)} ${escapeControl(String(value))}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

function sampleText<Row>(
  columns: readonly Column<Row>[],
  lines: readonly (readonly string[])[],
  widths: readonly number[],
): string {
  return titleLine(columns, widths) + lines.map((line) => formatLine(columns, line, widths)).join('');
}

function cellsOf<Row>(columns: readonly Column<Row>[], row: Row): string[] {
  return columns.map((column) => escapeControl(String(column.value(row))));
}

function widthsOf<Row>(
  columns: readonly Column<Row>[],
  lines: readonly (readonly string[])[],
): readonly number[] {
  return columns.map((column, i) =>
    lines.reduce((width, line) => Math.max(width, displayWidth(line[i] ?? '')), column.title.length),
  );
}

function titleLine<Row>(columns: readonly Column<Row>[], widths: readonly number[]): string {
  return formatLine(
    columns,
    columns.map((column) => column.title),
    widths,
  );
}

function formatLine<Row>(
  columns: readonly Column<Row>[],
  cells: readonly string[],
  widths: readonly number[],
): string {
  const padded = cells.map((cell, i) => pad(cell, widths[i] ?? 0, columns[i]?.align));
  return `${padded.join(GAP).trimEnd()}\n`;
}

function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? space + text : text + space;
}
