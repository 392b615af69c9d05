/** The role link inside one process: plain calls. */
import {
  followNextHops,
  followOriginated,
  type LinkAgent,
  type LinkSpeaker,
  type RoleLink,
} from './role-link.ts';

export function linkInProcess(speaker: LinkSpeaker, agent: LinkAgent): RoleLink {
  agent.onLearntStart();
  const unsubscribe = speaker.subscribeBestRoutes({
    onBestRoutes: (changes) => agent.onLearntRoutes(changes),
    onBestRouteColumns: (columns) => agent.onLearntColumns(columns),
    onEndOfRib: (family) => agent.onLearntEndOfRib(family),
  });
  // The speaker of this process has announced nothing before, so it starts from the empty set.
  speaker.onOriginated([]);
  const stops = [followOriginated(agent, speaker.onOriginated), followNextHops(agent, speaker.onNextHops)];
  return {
    status: () => ({ kind: 'in-process', path: null, connected: true, lastError: null }),
    close: async () => {
      for (const stop of stops) stop();
      unsubscribe();
    },
  };
}
