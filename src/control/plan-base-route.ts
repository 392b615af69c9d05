/** What the daemon runs with, for `manul plan`: over the control socket only. */
import type { NodeConfig, RenderOptions } from '@manul/config';
import { sendJson } from '../http/responses.ts';
import { HttpError, type HttpRoute } from '../http/router.ts';
import { PLAN_BASE_PATH, type PlanBase, withoutSecrets } from '../plan/plan-base.ts';

/** @param config what runs now, or null before the datastore has been read */
export function planBaseRoute(options: RenderOptions, config: () => NodeConfig | null): HttpRoute {
  const { node, routerId, namespace, advertiseClusterIps = null, missingPassword = 'hold' } = options;
  return {
    method: 'GET',
    path: PLAN_BASE_PATH,
    handle: ({ response }) => {
      const running = config();
      if (running === null) throw new HttpError(503, 'the resources have not been read yet');
      const base: PlanBase = {
        options: { node, routerId, namespace, advertiseClusterIps, missingPassword },
        config: withoutSecrets(running),
      };
      sendJson(response, 200, base);
    },
  };
}
