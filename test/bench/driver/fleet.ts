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

/** Sessions that are ready to dial, for `openSessions`. */
export function prepareSessions(job: Job, numbers: readonly number[], options: FleetOptions): Session[] {
  const { family, prefixes } = options;
  return numbers.map((number) => new Session({ target: job.target, asn: job.asn, number, family, prefixes }));
}

/** Dials all and resolves when all are Established, in order. One that is turned away is replaced by a new one. */
export async function openSessions(
  job: Job,
  prepared: readonly Session[],
  options: FleetOptions,
): Promise<Session[]> {
  const sessions = [...prepared];
  let next = 0;
  let underway = 0;
  let established = 0;
  await new Promise<void>((resolve) => {
    const fill = (): void => {
      while (underway < (options.window ?? PACED_WINDOW) && next < sessions.length) dial(next++);
    };
    const dial = (index: number): void => {
      const session = sessions[index]!;
      underway += 1;
      session.onPhase = (phase) => {
        if (phase === 'opened') {
          underway -= 1;
          fill();
        } else if (phase === 'established') {
          established += 1;
          session.onPhase = null;
          options.onEstablished?.(session);
          if (established === sessions.length) resolve();
        } else if (phase === 'closed') {
          if (!session.hasOpened) underway -= 1;
          setTimeout(() => replace(index), RETRY_MS);
        }
      };
      session.dial();
    };
    const replace = (index: number): void => {
      sessions[index] = prepareSessions(job, [sessions[index]!.options.number], options)[0]!;
      dial(index);
    };
    fill();
  });
  return sessions;
}
