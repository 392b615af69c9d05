import type { PhaseResult } from './driver/job.ts';
import { readOptions } from './options.ts';
import { type Run, summarize } from './summary.ts';
import { formatTable } from './table.ts';

function run(daemon: string, seconds: number | null, more: Partial<PhaseResult> = {}): Run {
  const result: PhaseResult = {
    phase: 'announce',
    seconds,
    routes: 1000,
    cpuSeconds: 1,
    peakRssBytes: 50e6,
    driverCpuSeconds: 0.1,
    keepaliveGapMs: 900,
    latency: null,
    ...more,
  };
  return { scenario: 'fan-out', daemon, result };
}

describe('summary of runs', () => {
  test('is the median of the repeats, and our ratio to the best peer', () => {
    const rows = summarize([
      run('manul', 3),
      run('bird', 8),
      run('manul', 1),
      run('frr', 4),
      run('manul', 2),
    ]);
    expect(rows.map(({ daemon, seconds, ratio }) => ({ daemon, seconds, ratio }))).toEqual([
      { daemon: 'manul', seconds: 2, ratio: 2 },
      { daemon: 'bird', seconds: 8, ratio: null },
      { daemon: 'frr', seconds: 4, ratio: null },
    ]);
  });

  test('a cut run is not hidden by faster ones, and no peer to compare with', () => {
    const rows = summarize([run('bird', 1), run('bird', null), run('frr', 6), run('manul', 3)]);
    expect(rows.map(({ daemon, seconds }) => [daemon, seconds])).toEqual([
      ['bird', null],
      ['frr', 6],
      ['manul', 3],
    ]);
    expect(rows.find((row) => row.daemon === 'manul')?.ratio).toBe(2);
  });

  test('latency is compared by its 99th percentile', () => {
    const latency = (p99Ms: number) => ({ latency: { p50Ms: 1, p99Ms, maxMs: 20 } });
    const rows = summarize([run('manul', 10, latency(2)), run('bird', 10, latency(5))]);
    expect(rows[0]?.ratio).toBe(2.5);
  });

  test('the ideal reflector is not a peer', () => {
    expect(summarize([run('manul', 3), run('ideal', 1)])[0]?.ratio).toBeNull();
  });

  test('the table shows cut phases and lost sessions', () => {
    const table = formatTable(summarize([run('bird', null), run('frr', 2, { keepaliveGapMs: null })]), 60);
    expect(table).toMatch(/bird +> 60 /);
    expect(table).toMatch(/frr +2\.00 +500 +1\.00 +50 +lost +0\.10/);
  });
});

describe('command line', () => {
  test('names scenarios and daemons', () => {
    const options = readOptions(['fan-out', 'latency', '--daemons', 'manul,bird', '--repeat', '1', '--json']);
    expect(options).toMatchObject({ repeats: 1, cutSec: 60, json: true });
    expect(options?.scenarios.map(({ name }) => name)).toEqual(['fan-out', 'latency']);
    expect(options?.daemons.map(({ name }) => name)).toEqual(['manul', 'bird']);
  });

  test('by default takes every scenario and all five daemons', () => {
    const options = readOptions([]);
    expect(options?.scenarios).toHaveLength(10);
    expect(options?.daemons.map(({ name }) => name)).toEqual(['manul', 'bird', 'frr', 'gobgp', 'openbgpd']);
  });

  test.each([[['slow']], [['--daemons', 'quagga']], [['--repeat', '0']], [['--frobnicate']]])(
    'refuses %j',
    (args) => {
      expect(() => readOptions(args)).toThrow();
    },
  );
});
