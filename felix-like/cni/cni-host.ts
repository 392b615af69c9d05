/** CNI on this node, put together: the service that the plugin talks to, its memory, and what is installed. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Agent } from '../agent-api.ts';
import type { Logger } from '../dataplane/logger.ts';
import type { PodNetwork } from '../kernel/pod-network-port.ts';
import { AttachmentStore } from './attachment-store.ts';
import { CniService } from './cni-service.ts';
import { HostLocal } from './host-local.ts';
import { type CniPaths, installCni, preferredConfigs } from './installed-files.ts';
import { servePlugin } from './plugin-connection.ts';

export interface CniHostParts {
  readonly agent: Pick<Agent, 'config' | 'setAttachedWorkloads' | 'workloadMtu' | 'whenRouted'>;
  readonly logger: Logger;
  readonly paths: CniPaths;
  /** Closed with the host. */
  readonly network: PodNetwork;
}

export interface CniHost {
  /** Takes up where the process before left off; the attached pods are known to the agent when it resolves. */
  start(): Promise<void>;
  /** Serves one connection of the plugin. */
  serve(socket: Socket): void;
  close(): Promise<void>;
}

const SWEEP_MS = 60_000;
const INSTALL_MS = 2000;
const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';

/** @throws Error when the state folder cannot be used */
export function createCniHost(parts: CniHostParts): CniHost {
  const { agent, logger, paths, network } = parts;
  const { stateFolder, programFolder } = paths;
  const service = new CniService({
    node: agent,
    network,
    addresses: new HostLocal({
      program: join(programFolder, 'host-local'),
      folder: join(stateFolder, 'cni', 'addresses'),
    }),
    store: new AttachmentStore(join(stateFolder, 'cni', 'attachments')),
    logger,
    bootId: readFileSync(BOOT_ID_FILE, 'utf8').trim(),
  });
  const sockets = new Set<Socket>();
  const repeated = [
    repeat(SWEEP_MS, logger, 'looking for what CNI left behind', async () => {
      await service.sweep();
    }),
    repeat(INSTALL_MS, logger, 'installing CNI on the host', createInstaller(parts)),
  ];
  let isClosing = false;
  return {
    async start() {
      await service.recover();
      for (const { start } of repeated) await start();
    },
    serve(socket) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      void servePlugin(socket, { service, logger, isClosing: () => isClosing });
    },
    async close() {
      isClosing = true;
      for (const { stop } of repeated) stop();
      for (const socket of sockets) socket.destroy();
      await network.close();
    },
  };
}

/** A node is ready for pods once the configuration is there: not before the agent can serve them. */
function createInstaller({ agent, logger, paths }: CniHostParts): () => Promise<void> {
  let warnedOf = '';
  return async () => {
    if ((agent.config()?.podCidrs.length ?? 0) === 0) return;
    const written = await installCni(paths);
    if (written.length > 0) logger.info('CNI is installed', { written });
    const preferred = (await preferredConfigs(paths)).join(', ');
    if (preferred !== '' && preferred !== warnedOf) {
      logger.warn('the runtime prefers other networks to ours', { configs: preferred });
    }
    warnedOf = preferred;
  };
}

interface Repeated {
  readonly start: () => Promise<void>;
  readonly stop: () => void;
}

/** Runs `work` now and then; a failure is logged when it is another one than before. */
function repeat(everyMs: number, logger: Logger, what: string, work: () => Promise<void>): Repeated {
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;
  let lastReason = '';
  const run = async (): Promise<void> => {
    try {
      await work();
      lastReason = '';
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== lastReason && !isStopped) logger.warn(`${what} has failed`, { reason });
      lastReason = reason;
    }
    if (isStopped) return;
    timer = setTimeout(run, everyMs);
    timer.unref();
  };
  return {
    start: run,
    stop: () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
