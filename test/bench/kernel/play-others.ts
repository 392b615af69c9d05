/** BIRD as a writer, and `ip -batch`, which needs no BGP at all. */
import { Bird } from '../../harness/daemons/bird.ts';
import { outputOf } from '../../harness/process/run-command.ts';
import { TempFolder } from '../../harness/process/temp-folder.ts';
import type { PhaseResult } from '../driver/job.ts';
import { NEXT_HOPS, prefixText, ROUNDS } from './kernel-job.ts';
import { ASN, drive, type Play, phaseResult, TARGET } from './play.ts';

const BIRD = `log stderr { warning, error, fatal, bug };
router id 10.9.0.1;
protocol device {}
protocol direct { ipv4; }
protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }
protocol bgp clients {
  local ${TARGET.address} port ${TARGET.port} as ${ASN};
  neighbor range 127.0.0.0/8 as ${ASN};
  multihop; strict bind yes; passive yes; hold time 240;
  ipv4 { import all; export none; };
}
`;

export const playBird: Play = async (namespace, routes, cutMs) => {
  const bird = await Bird.start(BIRD, null, namespace);
  try {
    return await drive(namespace, { routes, cutMs }, [bird.pid]);
  } finally {
    await bird.stop();
  }
};

export const playIpBatch: Play = async (namespace, routes, cutMs) => {
  const folder = new TempFolder('batch');
  const phases = [
    ['add', (prefix: string) => `route add ${prefix} via ${NEXT_HOPS[0]} dev eth0`],
    ['change', (prefix: string) => `route replace ${prefix} via ${NEXT_HOPS[1]} dev eth0`],
    ['delete', (prefix: string) => `route del ${prefix}`],
  ] as const;
  try {
    const results: PhaseResult[] = [];
    for (const [phase, line] of ROUNDS.flatMap((round) =>
      phases.map(([name, line]) => [name + round, line] as const),
    )) {
      const lines = Array.from({ length: routes }, (_, i) => line(prefixText(i)));
      const file = folder.write('routes.batch', `${lines.join('\n')}\n`);
      const startedAt = performance.now();
      // The shell knows what its child has cost.
      const shell = ['sh', ['-c', 'ip -batch "$0" && times', file]] as const;
      const printed = await outputOf(shell[0], shell[1], { namespace, deadlineMs: cutMs });
      const seconds = (performance.now() - startedAt) / 1000;
      results.push({ ...phaseResult(phase, routes, seconds), cpuSeconds: childSeconds(printed) });
    }
    return results;
  } finally {
    folder.remove();
  }
};

/** The last line of `times`: user and system time of the children, `0m0.12s 0m0.78s`. */
function childSeconds(printed: string): number {
  const line = printed.trim().split('\n').at(-1) ?? '';
  const times = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
