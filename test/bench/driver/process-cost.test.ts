import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { costOf } from './process-cost.ts';

describe('cost of processes', () => {
  test('counts CPU time and memory of a process and its children', async () => {
    const before = costOf(process.pid);
    // A shell that stays, and a child of it that burns CPU until its input ends.
    const shell = spawn('sh', ['-c', 'while :; do :; done & echo $!; read line; kill $!'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(shell.stdout, 'data');
    const burnt = async (): Promise<number> => costOf(shell.pid!).cpuSeconds;
    while ((await burnt()) < 0.1) await new Promise((resolve) => setTimeout(resolve, 20));
    const after = costOf(process.pid);
    expect(after.cpuSeconds - before.cpuSeconds).toBeGreaterThanOrEqual(0.1);
    expect(after.peakRssBytes).toBeGreaterThan(costOf(shell.pid!).peakRssBytes);
    shell.stdin.end('\n');
    await once(shell, 'exit');
    expect(costOf(shell.pid!)).toEqual({ cpuSeconds: 0, peakRssBytes: 0 });
  }, 60_000);
});
