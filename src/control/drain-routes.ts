/** `manul drain` and `undrain`, over the control socket only. */
import type { DaemonView } from '../daemon/daemon-view.ts';
import { type Drain, MAX_GRACE_SEC } from '../daemon/drain.ts';
import { sendJson } from '../http/responses.ts';
import { HttpError, type HttpRoute } from '../http/router.ts';
import { readBody } from './read-body.ts';

export const DRAIN_PATH = '/control/v1/drain';
export const UNDRAIN_PATH = '/control/v1/undrain';

/** Body of a request to drain: seconds from asking peers to withdrawing. */
export interface DrainRequest {
  readonly graceSeconds: number;
}

export function drainRoutes(view: DaemonView): readonly HttpRoute[] {
  return [
    {
      method: 'GET',
      path: DRAIN_PATH,
      handle: ({ response }) => sendJson(response, 200, drainOf(view).report()),
    },
    {
      method: 'POST',
      path: DRAIN_PATH,
      handle: async ({ request, response }) => {
        const { graceSeconds } = await readBody(request);
        const isTime = typeof graceSeconds === 'number' && graceSeconds >= 0 && graceSeconds <= MAX_GRACE_SEC;
        if (!isTime) throw new HttpError(400, `graceSeconds is no number from 0 to ${MAX_GRACE_SEC}`);
        drainOf(view).begin(graceSeconds);
        sendJson(response, 200, drainOf(view).report());
      },
    },
    {
      method: 'POST',
      path: UNDRAIN_PATH,
      handle: ({ response }) => {
        drainOf(view).end();
        sendJson(response, 200, drainOf(view).report());
      },
    },
  ];
}

function drainOf({ drain }: DaemonView): Drain {
  if (drain === null) throw new HttpError(404, 'this process has no speaker role');
  return drain;
}
