/** Bringing up 1,000 sessions: a few connects at a time, and all in one burst. */
import type { Bench } from '../driver/bench.ts';
import type { Scenario } from './scenario.ts';

const SESSIONS = 1000;

function bringUp(name: string, window?: number): (bench: Bench) => Promise<void> {
  const options = { family: 'ipv4', prefixes: 0, ...(window === undefined ? {} : { window }) } as const;
  return async (bench) => {
    await bench.watchIdle('ipv4');
    const prepared = bench.prepare(1, SESSIONS, options);
    await bench.phase(name, SESSIONS, async () => {
      const cut = new Promise<null>((resolve) => setTimeout(() => resolve(null), bench.cutMs).unref());
      const opened = bench.dial(prepared, options).then(() => performance.now());
      return { endedAt: await Promise.race([opened, cut]) };
    });
  };
}

export const SESSIONS_UP: Scenario = {
  name: 'sessions',
  summary: '1,000 sessions from cold: a few connects at a time (cold), and in one burst (burst)',
  acts: [bringUp('cold'), bringUp('burst', SESSIONS)],
};
