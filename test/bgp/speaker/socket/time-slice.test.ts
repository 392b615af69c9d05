import { execFileSync } from 'node:child_process';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./ask-for-time-slice.ts', import.meta.url));

interface Answer {
  readonly main: number;
  readonly agreed: boolean;
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

const [major = 0, minor = 0] = release().split('.').map(Number);
const knowsSlices = major > 6 || (major === 6 && minor >= 12);

describe('time slice', () => {
  test('of the thread that asks is short, where the kernel knows how; of others as it was', () => {
    const answer = JSON.parse(execFileSync(process.execPath, [PROGRAM], { encoding: 'utf8' })) as Answer;
    expect(answer.agreed).toBe(true);
    const { [answer.main]: own, ...others } = answer.after;
    // A kernel without CONFIG_SCHED_DEBUG, or before 6.12, shows none.
    if (own === undefined) return;
    const usual = answer.before[answer.main]!;
    expect(own).toBe(knowsSlices ? 200_000 : usual);
    for (const slice of Object.values(others)) expect(slice).toBe(usual);
  });

  test('is left alone where somebody chose another policy', () => {
    const output = execFileSync('chrt', ['--batch', '0', process.execPath, PROGRAM], { encoding: 'utf8' });
    const { main, agreed, before, after } = JSON.parse(output) as Answer;
    expect(agreed).toBe(false);
    expect(after[main]).toBe(before[main]);
  });
});
