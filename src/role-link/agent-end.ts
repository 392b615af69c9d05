/** The agent's end of the role link: listens, and serves one speaker at a time. */
import { createServer, type Socket } from 'node:net';
import type { Logger } from '@manul/bgp';
import type { Family } from '@manul/bgp/net';
import type { LearntRouteChange } from '@manul/felix-like';
import { reasonOf } from '../cli/command-error.ts';
import { listenUnix } from '../control/unix-listener.ts';
import { createLineReader } from './line-reader.ts';
import {
  checkHello,
  decodeMessage,
  encodeMessage,
  LINK_VERSION,
  type LinkMessage,
  type WireRoute,
  wireNextHop,
} from './link-message.ts';
import { followNextHops, followOriginated, type LinkAgent, type RoleLink } from './role-link.ts';

export interface AgentEndOptions {
  readonly agent: LinkAgent;
  readonly node: string;
  readonly path: string;
  readonly logger: Logger;
}

/**
 * Listens at `path`. A speaker that connects replaces the one before it, which may hang half dead; while none
 * is connected the agent keeps the routes that it has.
 * @throws CommandError when the socket cannot be made
 */
export async function serveRoleLink(options: AgentEndOptions): Promise<RoleLink> {
  let current: Socket | null = null;
  let greeted = false;
  let lastError: string | null = null;
  let closing = false;
  const server = createServer((socket) => {
    current?.destroy(new Error('another speaker has connected'));
    current = socket;
    greeted = false;
    attach(socket, options, {
      onGreeted: () => {
        greeted = current === socket;
        lastError = null;
        options.logger.info('speaker connected to the agent');
      },
      onClosed: (reason) => {
        if (!closing) options.logger.warn('speaker has left, its routes are kept', { reason });
        lastError = reason;
        if (current === socket) current = null;
      },
    });
  });
  await listenUnix(server, options.path, 'agent socket');
  return {
    status: () => ({ kind: 'socket', path: options.path, connected: current !== null && greeted, lastError }),
    close: () =>
      new Promise((resolve) => {
        closing = true;
        server.close(() => resolve());
        current?.destroy();
      }),
  };
}

interface Observer {
  readonly onGreeted: () => void;
  readonly onClosed: (reason: string) => void;
}

function attach(socket: Socket, options: AgentEndOptions, observer: Observer): void {
  const { agent, node } = options;
  let stops: readonly (() => void)[] | null = null;
  let failure: string | null = null;
  const onMessage = (message: LinkMessage): void => {
    if (stops !== null) {
      deliver(agent, message);
      return;
    }
    checkHello(message, node);
    observer.onGreeted();
    agent.onLearntStart();
    stops = [
      followOriginated(agent, (prefixes) => {
        socket.write(encodeMessage({ type: 'originated', prefixes }));
      }),
      followNextHops(agent, (routes) => {
        socket.write(encodeMessage({ type: 'nextHops', routes: routes?.map(wireNextHop) ?? null }));
      }),
    ];
  };
  const read = createLineReader((line) => {
    if (!socket.destroyed) onMessage(decodeMessage(line));
  });
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
    for (const stop of stops ?? []) stop();
    observer.onClosed(failure ?? 'connection closed');
  });
  socket.write(encodeMessage({ type: 'hello', version: LINK_VERSION, node }));
}

function deliver(agent: LinkAgent, message: LinkMessage): void {
  if (message.type === 'endOfRib') {
    agent.onLearntEndOfRib(message.family);
  } else if (message.type === 'routes') {
    const { family } = message;
    agent.onLearntRoutes(message.changes.map((route) => learntRoute(family, route)));
  } else throw new Error(`a speaker does not send "${message.type}"`);
}

function learntRoute(family: Family, [prefix, nextHop, ...others]: WireRoute): LearntRouteChange {
  if (nextHop === null || others.length === 0) return { family, prefix, nextHop };
  return { family, prefix, nextHop, nextHops: [nextHop, ...others] };
}
