/**
 * A node's first routes often come all at once, and would find code that has never run: it is compiled when it is
 * needed, and optimized when it has been used some hundred times, both while routes wait. So the way of a route from the
 * UPDATE to the request to the kernel is gone beforehand, with routes of its own that nobody sees, while little else is
 * to be done: some 0.3 s of processor time in steps of a few milliseconds, over one or two seconds after the start.
 */
import { setFlagsFromString } from 'node:v8';
import type { RibRehearsal } from '@manul/bgp';
import type { RouteRehearsal } from '@manul/felix-like';

/** Routes of each round. Tables are new in each, so that what holds for the first ones only is not taken for a rule. */
const ROUNDS = [500, 2500];
/** Of one step: few at first, when the code is slowest. */
const ROUTES_PER_STEP = { first: 10, later: 100 };
/** The compiler has other threads: what it finishes meanwhile need not be done in slow code. */
const PAUSE_MS = 4;
const WORK_MS = 2;
/** With so many real ones there is nothing left to rehearse. */
const MANY_ROUTES = 100;
/**
 * Calls after which a function is given to the last of V8's compilers, instead of 3000. That one needs ten times as long
 * as the one before it for code that is little faster, and on two cores takes one of them from a few thousand routes.
 */
const LATE_OPTIMIZATION = '--invocation-count-for-turbofan=30000';

/**
 * Resolves when it is done, or when many routes have come meanwhile.
 * @param routes how many real ones there are
 * @returns how many writes were taken all the way
 */
export async function rehearse(routes: () => number): Promise<number> {
  const { REHEARSAL_SUBNETS, RibRehearsal } = await import('@manul/bgp');
  const { RouteRehearsal } = await import('@manul/felix-like');
  setFlagsFromString(LATE_OPTIMIZATION);
  let written = 0;
  for (const [round, count] of ROUNDS.entries()) {
    const agent = new RouteRehearsal(REHEARSAL_SUBNETS);
    const rib = new RibRehearsal((columns) => agent.learn(columns));
    for (const _ of steps(count, round === 0, rib, agent)) {
      await pause();
      if (routes() > MANY_ROUTES) return written + agent.written;
    }
    written += agent.written;
  }
  return written;
}

/** Announces, announces anew and withdraws all routes. */
function* steps(count: number, isFirst: boolean, rib: RibRehearsal, agent: RouteRehearsal): Generator<void> {
  const acts = [
    (from: number, some: number) => rib.announce(from, some, 0),
    (from: number, some: number) => rib.announce(from, some, 1),
    (from: number, some: number) => rib.withdraw(from, some),
  ];
  for (const act of acts) {
    for (let done = 0; done < count; ) {
      const isYoung = isFirst && done < ROUTES_PER_STEP.later;
      const some = isYoung ? ROUTES_PER_STEP.first : ROUTES_PER_STEP.later;
      act(done, some);
      done += some;
      if (isYoung) yield;
      while (!rib.work(WORK_MS)) yield;
      if (isYoung) yield;
      while (!agent.work()) yield;
      yield;
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
}
