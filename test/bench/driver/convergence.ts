/** Waits until every receiver holds exactly what it should, and says when that was. */
import type { Ledger } from './ledger.ts';
import type { Session } from './session.ts';

/** What all receivers hold must stay right for this long: a later change would prove the arrival premature. */
const SETTLE_MS = 200;

/**
 * @param goalOf what a receiver must hold in the end
 * @returns performance.now() of the moment when the last receiver was complete, or null after `cutMs`
 * @throws Error when a receiver is disconnected, or got anything that it should not
 */
export async function converged(
  receivers: readonly Session[],
  goalOf: (receiver: Session) => Ledger,
  cutMs: number,
): Promise<number | null> {
  let completeAt = performance.now();
  let pending = receivers.length;
  let settling: NodeJS.Timeout | null = null;
  let cutting: NodeJS.Timeout | null = null;
  const inTime = await new Promise<boolean>((resolve, reject) => {
    cutting = setTimeout(() => resolve(false), cutMs);
    const settle = (): void => {
      if (settling !== null) clearTimeout(settling);
      settling = pending > 0 ? null : setTimeout(() => resolve(true), SETTLE_MS);
    };
    for (const receiver of receivers) {
      const { ledger } = receiver.reader;
      const goal = goalOf(receiver);
      let isComplete = ledger.matches(goal);
      if (isComplete) pending -= 1;
      receiver.onInput = () => {
        const matches = ledger.count === goal.count && ledger.sum === goal.sum;
        if (matches === isComplete) return;
        isComplete = matches;
        pending += matches ? -1 : 1;
        if (pending > 0) return;
        completeAt = performance.now();
        settle();
      };
      receiver.onPhase = () =>
        reject(new Error(`session ${receiver.options.number} closed: ${receiver.reason}`));
    }
    settle();
  }).finally(() => {
    if (cutting !== null) clearTimeout(cutting);
    if (settling !== null) clearTimeout(settling);
    for (const receiver of receivers) {
      receiver.onInput = null;
      receiver.onPhase = null;
    }
  });
  if (!inTime) {
    console.error(describeIncomplete(receivers, goalOf));
    return null;
  }
  assertExact(receivers, goalOf);
  return completeAt;
}

function describeIncomplete(receivers: readonly Session[], goalOf: (receiver: Session) => Ledger): string {
  const late = receivers.filter((receiver) => !receiver.reader.ledger.matches(goalOf(receiver)));
  const [first] = late;
  if (first === undefined) return 'cut while settling';
  const counts = `${first.reader.ledger.count} of ${goalOf(first).count}`;
  return `${late.length} of ${receivers.length} receivers incomplete; session ${first.options.number} holds ${counts}`;
}

/** The checksum decided while the clock ran; now every single route is compared. */
function assertExact(receivers: readonly Session[], goalOf: (receiver: Session) => Ledger): void {
  for (const receiver of receivers) {
    const { reader, options } = receiver;
    if (reader.faults > 0)
      throw new Error(`session ${options.number} got ${reader.faults} messages nobody announced`);
    if (!reader.ledger.equals(goalOf(receiver)))
      throw new Error(`session ${options.number} holds wrong routes`);
  }
}
