/** The rows as a table for people: one block for each scenario and phase, one line for each daemon. */
import type { Row } from './summary.ts';

const HEADINGS = [
  '',
  'seconds',
  'routes/s',
  'CPU s',
  'peak MB',
  'p50/p99/max ms',
  'loop p99.9/max ms',
  'idle gap s',
  'driver CPU s',
  'ratio',
  'http ms',
];

export function formatTable(rows: readonly Row[], cutSec: number): string {
  const blocks = new Map<string, Row[]>();
  for (const row of rows) {
    const title = `${row.scenario} ${row.phase}`;
    blocks.set(title, [...(blocks.get(title) ?? []), row]);
  }
  return [...blocks].map(([title, block]) => formatBlock(title, block, cutSec)).join('\n');
}

function formatBlock(title: string, rows: readonly Row[], cutSec: number): string {
  const lines = [HEADINGS.with(0, title), ...rows.map((row) => cells(row, cutSec))];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  widths[0] = Math.max(widths[0]!, 24);
  return lines
    .map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function cells(row: Row, cutSec: number): string[] {
  const { p50Ms, p99Ms, maxMs, loopP999Ms, loopMaxMs, driverCpuSeconds } = row.metrics;
  const latency = p50Ms === null ? '' : [p50Ms, p99Ms, maxMs].map((ms) => number(ms ?? 0)).join(' / ');
  const lateness = loopMaxMs === null ? '' : [loopP999Ms, loopMaxMs].map((ms) => number(ms ?? 0)).join(' / ');
  return [
    `  ${row.daemon}`,
    row.seconds === null ? `> ${cutSec}` : number(row.seconds),
    row.seconds === null ? '' : perSecond(row.routes / row.seconds),
    number(row.cpuSeconds),
    (row.peakRssBytes / 1e6).toFixed(0),
    latency,
    lateness,
    idleGap(row),
    number(driverCpuSeconds),
    row.ratio === null ? '' : row.ratio.toFixed(2),
    answerTimes(row),
  ];
}

function answerTimes({ metrics: { readyP999Ms, readyMaxMs, metricsMaxMs } }: Row): string {
  if (readyP999Ms === null) return '';
  return [readyP999Ms, readyMaxMs, metricsMaxMs].map((ms) => (ms ?? 0).toFixed(0)).join(' / ');
}

/** Blank where no session idles meanwhile. */
function idleGap({ scenario, metrics: { keepaliveGapMs } }: Row): string {
  if (keepaliveGapMs === null) return scenario === 'kernel' ? '' : 'lost';
  return (keepaliveGapMs / 1000).toFixed(2);
}

function number(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}

function perSecond(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return value >= 1e4 ? `${(value / 1e3).toFixed(0)} k` : value.toFixed(0);
}
