/** What only the control socket may do: the commands that change something. */
import type { PeerActionResult, Speaker } from '@manul/bgp';
import type { DaemonView } from '../daemon/daemon-view.ts';
import { sendJson } from '../http/responses.ts';
import { HttpError, type HttpRoute } from '../http/router.ts';
import { speakerOf } from '../http/speaker-access.ts';
import {
  actionPath,
  MAX_MESSAGE_BYTES,
  PEER_ACTIONS,
  type PeerAction,
  type PeerActionRequest,
  SOFT_DIRECTIONS,
} from './peer-action.ts';
import { readBody } from './read-body.ts';

const PERFORM: Readonly<
  Record<PeerAction, (speaker: Speaker, request: PeerActionRequest) => PeerActionResult>
> = {
  reset: (speaker, { name, message, soft }) =>
    soft === undefined ? speaker.resetPeer(name, message) : speaker.softResetPeer(name, soft),
  disable: (speaker, { name, message }) => speaker.disablePeer(name, message),
  enable: (speaker, { name }) => speaker.enablePeer(name),
};

const DONE: Readonly<Record<PeerAction, string>> = {
  reset: 'session reset',
  disable: 'peer disabled',
  enable: 'peer enabled',
};

/** Why nothing was done: status of HTTP, and the words. */
const REFUSAL: Readonly<
  Record<Exclude<PeerActionResult, 'done'>, readonly [number, (name: string) => string]>
> = {
  noSuchPeer: [404, (name) => `no peer "${name}"`],
  notEstablished: [409, (name) => `the session with "${name}" is not Established`],
  noRouteRefresh: [409, (name) => `"${name}" does not offer route refresh (RFC 2918)`],
};

export function actionRoutes(view: DaemonView): readonly HttpRoute[] {
  return PEER_ACTIONS.map((action) => ({
    method: 'POST',
    path: actionPath(action),
    handle: async ({ request, response }) => {
      const asked = readRequest(await readBody(request));
      const result = PERFORM[action](speakerOf(view), asked);
      if (result !== 'done') {
        const [status, text] = REFUSAL[result];
        throw new HttpError(status, text(asked.name));
      }
      const { name: peer, ...details } = asked;
      view.logger.info(`${DONE[action]} by command`, { peer, ...details });
      sendJson(response, 200, { name: peer, [action]: true });
    },
  }));
}

function readRequest(body: Readonly<Record<string, unknown>>): PeerActionRequest {
  const { name, message } = body;
  const soft = SOFT_DIRECTIONS.find((direction) => direction === body['soft']);
  if (typeof name !== 'string') throw new HttpError(400, 'name is missing');
  if (body['soft'] !== undefined && soft === undefined)
    throw new HttpError(400, 'soft is neither in nor out');
  if (message !== undefined && typeof message !== 'string') throw new HttpError(400, 'message is no text');
  if (message !== undefined && Buffer.byteLength(message) > MAX_MESSAGE_BYTES) {
    throw new HttpError(400, `message is longer than ${MAX_MESSAGE_BYTES} octets`);
  }
  return { name, ...(message === undefined ? {} : { message }), ...(soft === undefined ? {} : { soft }) };
}
