import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeWith } from '../../../support/requirements.ts';

const PROGRAM = fileURLToPath(new URL('./bind-without-effect.ts', import.meta.url));

describeWith({ root: true, commands: ['unshare', 'ip'] }, 'a port below 1024', () => {
  /** In a network namespace of its own, where port 179 is free. */
  const run = (mode: string): string =>
    execFileSync(
      'unshare',
      ['--net', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh', process.execPath, PROGRAM, mode],
      {
        encoding: 'utf8',
      },
    ).trim();

  test('is bound with a capability that is only permitted, which is in effect for that alone', () => {
    expect(run('permitted')).toBe('listens, in effect: false');
  });

  test('is refused without it', () => {
    expect(run('never')).toBe('bind EACCES, in effect: false');
  });
});
