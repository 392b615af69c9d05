/** Plays one act: a fresh daemon, a fresh driver process, and what the driver reports. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../harness/process/free-port.ts';
import { AnswerProbe } from './answer-probe.ts';
import { REFLECTOR, type ReflectorKind, type RunningReflector } from './daemons/reflector.ts';
import type { DriverMessage, Job, PhaseResult } from './driver/job.ts';
import type { Scenario } from './scenarios/scenario.ts';

const DRIVER = fileURLToPath(new URL('./driver/main.ts', import.meta.url));
/** Loading a slow daemon before the clock runs, and the phases themselves, take several times the cut. */
const ACT_CUTS = 12;

export interface ActResult {
  readonly phases: readonly PhaseResult[];
  /** Why the act could not be played to its end, or null. */
  readonly failure: string | null;
}

export interface ActOptions {
  /** After which a phase is given up. */
  readonly cutSec: number;
  /** Whether our own HTTP server is asked meanwhile. */
  readonly probe: boolean;
}

export async function playAct(
  scenario: Scenario,
  act: number,
  kind: ReflectorKind,
  { cutSec, probe }: ActOptions,
): Promise<ActResult> {
  let daemon: RunningReflector | null = null;
  let answers: AnswerProbe | null = null;
  try {
    const { address, asn, clusterId } = REFLECTOR;
    const port = await freePort(address);
    daemon = await kind.start(port, probe);
    if (probe && daemon.httpPort !== undefined) answers = new AnswerProbe(daemon.httpPort);
    await daemon.loopDelay?.(); // starting does not count
    return await drive(
      {
        scenario: scenario.name,
        act,
        target: { address, port },
        asn,
        clusterId,
        daemonPid: daemon.pid,
        cutSec,
      },
      ACT_CUTS * cutSec * 1000,
      () => observed(daemon, answers),
    );
  } catch (error) {
    return { phases: [], failure: error instanceof Error ? error.message : String(error) };
  } finally {
    answers?.close();
    await daemon?.stop();
  }
}

async function observed(daemon: RunningReflector | null, answers: AnswerProbe | null): Promise<Observed> {
  const delay = await daemon?.loopDelay?.();
  return { answers: answers?.take() ?? null, ...(delay === undefined ? {} : { eventLoopDelay: delay }) };
}

type Observed = Pick<PhaseResult, 'answers' | 'eventLoopDelay'>;

/** @param observe what was seen of the daemon since it was asked last: at the end of each phase */
function drive(job: Job, deadlineMs: number, observe: () => Promise<Observed>): Promise<ActResult> {
  return new Promise((resolve, reject) => {
    const phases: Promise<PhaseResult>[] = [];
    let failure: string | null = 'the driver ended early';
    const driver = fork(DRIVER, [JSON.stringify(job)], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    const deadline = setTimeout(() => {
      failure = `not finished within ${deadlineMs / 1000} s`;
      driver.kill('SIGKILL');
    }, deadlineMs);
    driver.on('message', (message: DriverMessage) => {
      if (message.kind === 'phase')
        phases.push(observe().then((observed) => ({ ...message.result, ...observed })));
      else failure = message.kind === 'failed' ? message.reason : null;
    });
    driver.on('exit', () => {
      clearTimeout(deadline);
      Promise.all(phases).then((all) => resolve({ phases: all, failure }), reject);
    });
  });
}
