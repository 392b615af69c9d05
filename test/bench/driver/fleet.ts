/** Many client sessions: opened with a bounded number of connects at a time, or all in one burst. */
import type { Family } from '../../harness/bgp/prefix-text.ts';
import type { Job } from './job.ts';
import { Session } from './session.ts';

/** Fewer than the shortest listen backlog among the daemons (5), so that no connect is lost to it. */
const PACED_WINDOW = 4;
const RETRY_MS = 250;

export interface FleetOptions {
  readonly family: Family;
  readonly prefixes: number;
  /** Connects under way at a time; default paced. */
  readonly window?: number;
  readonly onEstablished?: (session: Session) => void;
}

/** Opens `numbers` and resolves when all are Established. One that is turned away tries again. */
export async function openSessions(
  job: Job,
  numbers: readonly number[],
  options: FleetOptions,
): Promise<Session[]> {
  const waiting = [...numbers];
  const sessions = new Map<number, Session>();
  let underway = 0;
  let established = 0;
  await new Promise<void>((resolve) => {
    const fill = (): void => {
      while (underway < (options.window ?? PACED_WINDOW) && waiting.length > 0) open(waiting.shift()!);
    };
    const open = (number: number): void => {
      underway += 1;
      const session = new Session({ ...options, target: job.target, asn: job.asn, number });
      sessions.set(number, session);
      session.onPhase = (phase) => {
        if (phase === 'opened') {
          underway -= 1;
          fill();
        } else if (phase === 'established') {
          established += 1;
          session.onPhase = null;
          options.onEstablished?.(session);
          if (established === numbers.length) resolve();
        } else if (phase === 'closed') {
          if (!session.hasOpened) underway -= 1;
          setTimeout(() => open(number), RETRY_MS);
        }
      };
    };
    fill();
  });
  return numbers.map((number) => sessions.get(number)!);
}
