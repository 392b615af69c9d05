/** `npm run fuzz -- [--cases N] [--seed S]`: the fuzzer of BGP messages; ends with a summary, or with the case that failed. */
import { parseArgs } from 'node:util';
import { runFuzz } from './run-fuzz.ts';

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const [cases, seed] = [Number(values.cases), Number(values.seed)];
if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isSafeInteger(seed)) {
  console.error('fuzz: --cases and --seed are whole numbers');
  process.exit(2);
}

const startedMs = performance.now();
const seconds = (): string => ((performance.now() - startedMs) / 1000).toFixed(0);
try {
  const result = runFuzz({
    cases,
    seed,
    onProgress: (done) => process.stderr.write(`\r${done} cases, ${seconds()} s`),
  });
  process.stderr.write('\n');
  console.log(
    `${result.cases} cases (${result.updates} UPDATEs) with seed ${seed} in ${seconds()} s: ` +
      `${result.outcomes.size} different outcomes, the slowest ten in a row took ${result.slowestMs.toFixed(1)} ms, ` +
      `the heap grew by ${(result.heapGrowthBytes / 2 ** 20).toFixed(1)} MiB`,
  );
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
