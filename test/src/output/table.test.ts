import {
  type Column,
  formatFields,
  formatTable,
  SAMPLE_ROWS,
  streamTable,
} from '../../../src/output/table.ts';

interface Row {
  readonly name: string;
  readonly count: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', value: (row) => row.name },
  { title: 'COUNT', value: (row) => row.count, align: 'right' },
];

test('columns are aligned, and lines end without spaces', () => {
  const rows = [
    { name: 'a', count: 5 },
    { name: 'longer', count: 12_345 },
  ];
  expect(formatTable(COLUMNS, rows)).toBe('NAME    COUNT\na           5\nlonger  12345\n');
});

test('wide and combining characters are measured in terminal cells', () => {
  const rows = [
    { name: '東京', count: 1 },
    { name: 'e\u0301a', count: 2 },
  ];
  expect(formatTable(COLUMNS, rows)).toBe('NAME  COUNT\n東京      1\ne\u0301a        2\n');
});

test('control characters in a cell cannot break the line or reach the terminal', () => {
  expect(formatTable(COLUMNS, [{ name: 'x\n\u001b[2J', count: 0 }])).toContain('x\\n\\x1b[2J');
});

test('a table without rows is its title line', () => {
  expect(formatTable(COLUMNS, [])).toBe('NAME  COUNT\n');
});

test('a streamed table is the same text, and goes on with the widths of its first rows', async () => {
  const rows = Array.from({ length: SAMPLE_ROWS + 500 }, (_, i) => ({ name: `n${i}`, count: i }));
  const pieces: string[] = [];
  for await (const piece of streamTable(COLUMNS, batches(rows, 300))) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.join('')).toBe(formatTable(COLUMNS, rows));
});

test('fields are aligned by their names', () => {
  expect(
    formatFields([
      ['Node', 'a'],
      ['Router ID', '192.0.2.1'],
      ['Empty', ''],
    ]),
  ).toBe('Node:      a\nRouter ID: 192.0.2.1\nEmpty:\n');
});

async function* batches(rows: readonly Row[], size: number): AsyncGenerator<readonly Row[]> {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
}
