/**
 * `npm run bench:micro`: the stages of the hot path, as ratios to a calibration loop, beside the committed baseline.
 * `--write` makes the present figures the baseline. Ends with 1 when a stage has become half as slow again.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Column, formatTable } from '../../../src/output/table.ts';
import { calibrate } from './calibration.ts';
import { CASES, type MicroCase } from './cases.ts';

const BASELINE = new URL('./baseline.json', import.meta.url);
const RUNS = 9;
/** On a machine with other work a case goes beyond this by chance (1.8 was seen): repeat before believing it. */
const REGRESSION = 1.5;

interface Measured {
  readonly nanoseconds: number;
  /** To one step of the calibration loop. */
  readonly ratio: number;
}

/** The best of several runs: what disturbs only ever adds. Calibrated in the same moments. */
function measure({ prepare, operations }: MicroCase): Measured {
  let best = Number.POSITIVE_INFINITY;
  let step = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    step = Math.min(step, calibrate());
    const work = prepare();
    const startedAt = performance.now();
    work();
    best = Math.min(best, performance.now() - startedAt);
  }
  const nanoseconds = (best * 1e6) / operations;
  return { nanoseconds, ratio: nanoseconds / step };
}

function readBaseline(): Record<string, number> {
  return JSON.parse(readFileSync(BASELINE, 'utf8'));
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { write: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  });
  const baseline = readBaseline();
  const chosen = CASES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const rows: Row[] = chosen.map((one) => {
    const { nanoseconds, ratio } = measure(one);
    const before = baseline[one.name] ?? null;
    return { case: one.name, unit: one.unit, nanoseconds, ratio, baseline: before };
  });
  if (values.write) {
    const ratios = Object.fromEntries(rows.map((row) => [row.case, Number(row.ratio.toFixed(2))]));
    writeFileSync(BASELINE, `${JSON.stringify({ ...baseline, ...ratios }, null, 2)}\n`);
  }
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  else process.stdout.write(formatTable(COLUMNS, rows));
  const slower = rows.filter(({ ratio, baseline: before }) => before !== null && ratio > before * REGRESSION);
  for (const { case: name } of slower) console.error(`${name}: more than ${REGRESSION} times the baseline`);
  return slower.length === 0 || values.write ? 0 : 1;
}

interface Row {
  readonly case: string;
  readonly unit: string;
  readonly nanoseconds: number;
  readonly ratio: number;
  /** Null for a case that the baseline lacks. */
  readonly baseline: number | null;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'CASE', value: (row) => row.case },
  { title: 'TIME', value: (row) => `${row.nanoseconds.toFixed(1)} ns/${row.unit}`, align: 'right' },
  { title: 'RATIO', value: (row) => row.ratio.toFixed(2), align: 'right' },
  { title: 'BASELINE', value: (row) => row.baseline?.toFixed(2) ?? '-', align: 'right' },
  {
    title: 'CHANGE',
    value: (row) => (row.baseline === null ? '-' : (row.ratio / row.baseline).toFixed(2)),
    align: 'right',
  },
];

process.exitCode = main();
