/** `/livez`, `/readyz` and `/metrics`. */
import type { DaemonView } from '../daemon/daemon-view.ts';
import type { MetricsText } from '../metrics/metrics.ts';
import { sendText } from './responses.ts';
import type { HttpRoute } from './router.ts';

export function healthRoutes(view: DaemonView, metrics: MetricsText): readonly HttpRoute[] {
  return [
    { method: 'GET', path: '/livez', handle: ({ response }) => sendText(response, 200, 'ok\n') },
    {
      method: 'GET',
      path: '/readyz',
      handle: ({ response }) => {
        const reason = view.notReadyReason();
        if (reason === null) sendText(response, 200, 'ok\n');
        else sendText(response, 503, `not ready: ${reason}\n`);
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      handle: async ({ response }) => {
        response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' });
        response.end(await metrics.text());
      },
    },
  ];
}
