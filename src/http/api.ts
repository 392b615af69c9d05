/** `/api/v1/…`: the same JSON as the commands print. */
import type { DaemonView } from '../daemon/daemon-view.ts';
import { streamEvents } from './event-stream.ts';
import { explainRoute } from './explain.ts';
import { inBatches, sendJson, streamJson } from './responses.ts';
import { readRouteQuery, selectKernelRoutes } from './route-query.ts';
import { type Exchange, HttpError, type HttpRoute } from './router.ts';
import { routesOf, speakerOf } from './speaker-access.ts';
import { topologyOf } from './topology.ts';

/** What everybody may ask, over TCP as well as over the control socket. */
export function readRoutes(view: DaemonView): readonly HttpRoute[] {
  return [
    get('/api/v1/status', ({ response }) => sendJson(response, 200, view.status())),
    get('/api/v1/peers', ({ request, response }) =>
      streamJson(request, response, inBatches(speakerOf(view).peers())),
    ),
    get('/api/v1/peers/*', ({ response, rest }) => sendJson(response, 200, peerOf(view, rest))),
    get('/api/v1/routes', (exchange) => sendRoutes(view, exchange)),
    get('/api/v1/explain', ({ response, query }) => sendJson(response, 200, explainRoute(view, query))),
    get('/api/v1/topology', ({ response }) => sendJson(response, 200, topologyOf(view))),
    get('/api/v1/events', ({ request, response }) => streamEvents(request, response, view.events)),
  ];
}

function get(path: string, handle: HttpRoute['handle']): HttpRoute {
  return { method: 'GET', path, handle };
}

function peerOf(view: DaemonView, name: string): unknown {
  const peer = speakerOf(view).peer(name);
  if (peer === null) throw new HttpError(404, `no peer "${name}"`);
  return peer;
}

async function sendRoutes(view: DaemonView, { request, response, query }: Exchange): Promise<void> {
  const { kernel, ...routeQuery } = readRouteQuery(query);
  if (kernel) {
    if (view.agent === null) throw new HttpError(404, 'this process has no agent role');
    const routes = selectKernelRoutes(view.agent.kernelRoutes(), routeQuery);
    await streamJson(request, response, inBatches(routes));
  } else {
    await streamJson(request, response, routesOf(view, routeQuery));
  }
}
