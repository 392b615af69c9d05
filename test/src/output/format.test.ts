import { PassThrough } from 'node:stream';
import { parse } from 'yaml';
import { formatEvent, type OutputFormat, writeRows, writeValue } from '../../../src/output/format.ts';
import { OutputClosed, writeText } from '../../../src/output/write.ts';

async function rowsText(format: OutputFormat, rows: readonly (readonly object[])[]): Promise<string> {
  const output = new PassThrough();
  await writeRows(output, format, toAsync(rows), [{ title: 'ROW', value: (row) => JSON.stringify(row) }]);
  return output.read()?.toString() ?? '';
}

test('streamed JSON is one array with a row a line', async () => {
  const text = await rowsText('json', [[{ a: 1 }, { a: 2 }], [], [{ a: 3 }]]);
  expect(text).toBe('[\n{"a":1},\n{"a":2},\n{"a":3}\n]\n');
  expect(await rowsText('json', [])).toBe('[]\n');
});

test('streamed YAML is one sequence', async () => {
  expect(parse(await rowsText('yaml', [[{ a: 1 }], [{ a: 2 }]]))).toEqual([{ a: 1 }, { a: 2 }]);
  expect(parse(await rowsText('yaml', []))).toEqual([]);
});

test.each(['json', 'yaml'] as const)(
  'text from a peer cannot act on the terminal in %s output',
  async (format) => {
    const value = { text: 'bye \u001b[31m\u009b2J\u202e\nsecond', list: ['\u0007'] };
    const output = new PassThrough();
    await writeValue(output, format, value, () => '');
    const text: string = output.read().toString();
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(format === 'json' ? JSON.parse(text) : parse(text)).toEqual(value);
  },
);

test('an event is one line, one object on one line, or one YAML document', async () => {
  const event = { kind: 'route', prefix: '10.0.0.0/8' };
  expect(await formatEvent('table', event, () => 'line')).toBe('line\n');
  expect(await formatEvent('json', event, () => '')).toBe('{"kind":"route","prefix":"10.0.0.0/8"}\n');
  expect(await formatEvent('yaml', event, () => '')).toBe('---\nkind: route\nprefix: 10.0.0.0/8\n');
});

test('writing to an output whose reader went away ends the work', async () => {
  const output = new PassThrough({ highWaterMark: 1 });
  const pending = writeText(output, 'more than fits');
  output.destroy();
  await expect(pending).rejects.toBeInstanceOf(OutputClosed);
  await expect(writeText(output, 'x')).rejects.toBeInstanceOf(OutputClosed);
});

async function* toAsync<T>(batches: readonly T[]): AsyncGenerator<T> {
  yield* batches;
}
