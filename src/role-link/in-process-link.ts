/** The role link inside one process: plain calls. */
import {
  followNextHops,
  followOriginated,
  type LinkAgent,
  type LinkSpeaker,
  type RoleLink,
} from './role-link.ts';

/** @param hasRestarted peers know what this node announces, and its routes have been in the kernel all along */
export function linkInProcess(speaker: LinkSpeaker, agent: LinkAgent, hasRestarted: boolean): RoleLink {
  agent.onLearntStart();
  const unsubscribe = speaker.subscribeBestRoutes({
    onBestRoutes: (changes) => agent.onLearntRoutes(changes),
    onBestRouteColumns: (columns) => agent.onLearntColumns(columns),
    onEndOfRib: (family) => agent.onLearntEndOfRib(family),
  });
  // A speaker that has announced nothing before starts from the empty set, one that was started again from that of the resources.
  if (!hasRestarted) speaker.onOriginated([]);
  const stops = [followOriginated(agent, speaker.onOriginated), followNextHops(agent, speaker.onNextHops)];
  return {
    status: () => ({ kind: 'in-process', path: null, connected: true, lastError: null }),
    close: async () => {
      for (const stop of stops) stop();
      unsubscribe();
    },
  };
}
