/**
 * The link between the two roles: speaker → agent are the best routes with their next hops and End-of-RIB per
 * family, agent → speaker are the originated set and the ways to next hops. Both ends resynchronise fully on every connect, so neither
 * needs a memory of what the other knew.
 */

import type { NextHopRoute, Speaker } from '@manul/bgp';
import type { Agent } from '@manul/felix-like';

/** What the link needs of an agent. */
export type LinkAgent = Pick<
  Agent,
  | 'onLearntStart'
  | 'onLearntRoutes'
  | 'onLearntColumns'
  | 'onLearntEndOfRib'
  | 'originated'
  | 'onOriginated'
  | 'onApplied'
  | 'nextHopRoutes'
  | 'onNextHopRoutes'
  | 'status'
>;

/** What the link needs of a speaker. */
export interface LinkSpeaker {
  readonly subscribeBestRoutes: Speaker['subscribeBestRoutes'];
  /** The whole set that the agent announces now, canonical prefixes. */
  readonly onOriginated: (prefixes: readonly string[]) => void;
  /** The routes by which next hops are reached; null: they are not resolved. */
  readonly onNextHops: (routes: readonly NextHopRoute[] | null) => void;
}

/** State of the link, for `manul status`. */
export interface RoleLinkStatus {
  readonly kind: 'in-process' | 'socket';
  /** Path of the socket, null in process. */
  readonly path: string | null;
  readonly connected: boolean;
  /** Why the last connection ended or could not be made, or null. */
  readonly lastError: string | null;
}

export interface RoleLink {
  status(): RoleLinkStatus;
  close(): Promise<void>;
}

/**
 * Reports the originated set of an agent whose kernel state is known. Before its first apply an agent has
 * announced nothing yet; to tell a running speaker so would withdraw routes that are in the kernel all along.
 * @returns the function that stops it
 */
export function followOriginated(
  agent: LinkAgent,
  report: (prefixes: readonly string[]) => void,
): () => void {
  let reported: readonly string[] | null = null;
  const update = (): void => {
    if (!agent.status().ready) return;
    const prefixes = agent.originated();
    if (reported !== null && isSame(reported, prefixes)) return;
    reported = prefixes;
    report(prefixes);
  };
  const stops = [agent.onOriginated(update), agent.onApplied(() => reported ?? update())];
  update();
  return () => {
    for (const stop of stops) stop();
  };
}

/** Reports the ways to next hops, from when they are known. @returns the function that stops it */
export function followNextHops(
  agent: LinkAgent,
  report: (routes: readonly NextHopRoute[] | null) => void,
): () => void {
  const known = agent.nextHopRoutes();
  if (known !== null) report(known);
  return agent.onNextHopRoutes(report);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((prefix, i) => prefix === b[i]);
}
