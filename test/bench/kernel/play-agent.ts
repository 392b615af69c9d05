/** Our agent alone: one workload among many routes, and comparing everything with the kernel. */
import { fileURLToPath } from 'node:url';
import { outputOf } from '../../harness/process/run-command.ts';
import type { PhaseResult } from '../driver/job.ts';
import type { AgentJob, AgentPhase } from './agent-job.ts';
import { linesOf, type Play, phaseResult } from './play.ts';

const DRIVER = fileURLToPath(new URL('./agent-driver.ts', import.meta.url));
const NAME = 'cali1';

export const playAgent: Play = async (namespace, routes) => {
  const ip = (words: string): Promise<string> => outputOf('ip', ['-n', namespace.name, ...words.split(' ')]);
  await ip(`link add ${NAME} type veth peer name pod`);
  await ip('link set pod up');
  await ip(`link set ${NAME} up`);
  const [link] = JSON.parse(await ip(`-j link show dev ${NAME}`)) as readonly { readonly ifindex: number }[];
  const job: AgentJob = { routes, workloadInterface: { name: NAME, index: link!.ifindex } };
  const results: PhaseResult[] = [];
  for await (const line of linesOf(namespace, DRIVER, job)) {
    const { phase, ...measured } = JSON.parse(line) as AgentPhase;
    results.push({ ...phaseResult(phase, routes, null), ...measured });
  }
  return results;
};
