/** The speaker's end of the role link: connects to the agent of the node, again and again with back-off. */
import { connect, type Socket } from 'node:net';
import type { Logger } from '@manul/bgp';
import { reasonOf } from '../cli/command-error.ts';
import { createLineReader } from './line-reader.ts';
import {
  checkHello,
  decodeMessage,
  encodeMessage,
  LINK_VERSION,
  type LinkMessage,
  nextHopRoute,
} from './link-message.ts';
import { PendingRoutes } from './pending-routes.ts';
import type { LinkSpeaker, RoleLink } from './role-link.ts';

export interface SpeakerEndOptions {
  readonly speaker: LinkSpeaker;
  readonly node: string;
  readonly path: string;
  readonly logger: Logger;
  /** First and longest wait between two attempts, milliseconds. */
  readonly retryMs?: { readonly first: number; readonly longest: number };
}

const RETRY_MS = { first: 100, longest: 5000 };

/** Never fails: a node without an agent is a speaker alone, and the link keeps asking. */
export function connectRoleLink(options: SpeakerEndOptions): RoleLink {
  const retryMs = options.retryMs ?? RETRY_MS;
  let waitMs = retryMs.first;
  let timer: NodeJS.Timeout | null = null;
  let socket: Socket | null = null;
  let connected = false;
  let lastError: string | null = null;
  let closed = false;

  const onClosed = (reason: string): void => {
    if (closed) return;
    if (connected) options.logger.warn('agent has left, the announced prefixes are kept', { reason });
    else if (reason !== lastError) options.logger.debug('no agent yet', { path: options.path, reason });
    connected = false;
    lastError = reason;
    timer = setTimeout(dial, waitMs);
    waitMs = Math.min(waitMs * 2, retryMs.longest);
  };
  const onGreeted = (): void => {
    connected = true;
    lastError = null;
    waitMs = retryMs.first;
    options.logger.info('connected to the agent', { path: options.path });
  };
  const dial = (): void => {
    timer = null;
    socket = connect({ path: options.path });
    attach(socket, options, onGreeted, onClosed);
  };
  dial();
  return {
    status: () => ({ kind: 'socket', path: options.path, connected, lastError }),
    close: async () => {
      closed = true;
      connected = false;
      if (timer !== null) clearTimeout(timer);
      socket?.destroy();
    },
  };
}

function attach(
  socket: Socket,
  options: SpeakerEndOptions,
  onGreeted: () => void,
  onClosed: (reason: string) => void,
): void {
  const { speaker, node } = options;
  let unsubscribe: (() => void) | null = null;
  let failure: string | null = null;
  const onMessage = (message: LinkMessage): void => {
    if (unsubscribe !== null) {
      hear(speaker, message);
      return;
    }
    checkHello(message, node);
    onGreeted();
    unsubscribe = sendBestRoutes(socket, speaker);
  };
  const read = createLineReader((line) => {
    if (!socket.destroyed) onMessage(decodeMessage(line));
  });
  socket.on('connect', () => socket.write(encodeMessage({ type: 'hello', version: LINK_VERSION, node })));
  socket.on('data', (chunk) => {
    try {
      read(chunk);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(reasonOf(error)));
    }
  });
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('close', () => {
    unsubscribe?.();
    onClosed(failure ?? 'connection closed');
  });
}

function hear(speaker: LinkSpeaker, message: LinkMessage): void {
  if (message.type === 'originated') speaker.onOriginated(message.prefixes);
  else if (message.type === 'nextHops') speaker.onNextHops(message.routes?.map(nextHopRoute) ?? null);
  else throw new Error(`an agent does not send "${message.type}"`);
}

/** Writes as fast as the agent reads; what it has not read yet is held once per prefix. */
function sendBestRoutes(socket: Socket, speaker: LinkSpeaker): () => void {
  const pending = new PendingRoutes();
  let scheduled = false;
  const send = (): void => {
    scheduled = false;
    if (socket.destroyed) return;
    for (let message = pending.next(); message !== null; message = pending.next()) {
      if (socket.write(encodeMessage(message))) continue;
      scheduled = true;
      socket.once('drain', send);
      return;
    }
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(send);
  };
  return speaker.subscribeBestRoutes({
    onBestRoutes: (changes) => {
      pending.add(changes);
      schedule();
    },
    onEndOfRib: (family) => {
      pending.endOfRib(family);
      schedule();
    },
  });
}
