/** Pings from inside namespaces. */
import { outputOf } from './command.ts';
import type { Namespace } from './namespace.ts';
import type { Stage } from './stage.ts';

/** Longest wait for the one answer, in which ping asks again every second. */
const WAIT_SEC = '5';

/**
 * Shows the command and the answer.
 * @throws DemoFailure when none comes
 */
export async function showPing({ screen, signal }: Stage, from: Namespace, to: string): Promise<void> {
  const words = from.command('ping', '-n', '-c', '1', '-w', WAIT_SEC, to);
  screen.command(words);
  const answer = (await outputOf(words, signal)).split('\n').find((line) => line.includes(' from '));
  screen.print(`  ${answer ?? 'answered'}`);
}
