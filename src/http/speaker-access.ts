/** The speaker and its routes as a request asks for them. */
import type { RouteQuery, RouteStatus } from '@manul/bgp';
import type { DaemonView } from '../daemon/daemon-view.ts';
import { HttpError } from './router.ts';

/** @throws HttpError 404 when this process has no speaker */
export function speakerOf(view: DaemonView): NonNullable<DaemonView['speaker']> {
  if (view.speaker === null) throw new HttpError(404, 'this process has no speaker role');
  return view.speaker;
}

/** @throws HttpError 404 for a peer that does not exist */
export function routesOf(view: DaemonView, query: RouteQuery): AsyncIterable<readonly RouteStatus[]> {
  const speaker = speakerOf(view);
  for (const name of [query.received, query.advertised]) {
    if (name !== undefined && speaker.peer(name) === null) throw new HttpError(404, `no peer "${name}"`);
  }
  return speaker.routes(query);
}
