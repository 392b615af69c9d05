/** CNI on this node, put together: the service that the plugin talks to, its memory, and what is installed. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Agent } from './agent-api.ts';
import { AttachmentStore } from './cni/attachment-store.ts';
import { CniService } from './cni/cni-service.ts';
import { HostLocal } from './cni/host-local.ts';
import { servePlugin } from './cni/plugin-connection.ts';
import type { Logger } from './dataplane/logger.ts';
import { createLinuxPodNetwork } from './kernel/linux-pod-network.ts';

export interface CniHostParts {
  readonly agent: Pick<Agent, 'config' | 'setAttachedWorkloads' | 'whenRouted'>;
  readonly logger: Logger;
  /** Folder for what must outlive the process, `/var/lib/manul`. */
  readonly stateFolder: string;
  /** Folder of the executables that CNI needs: `manul`, `host-local`, `portmap`. */
  readonly programFolder: string;
  /** File of the network namespace that is the node; default: that of the process. */
  readonly networkNamespace?: string;
}

export interface CniHost {
  /** Takes up where the process before left off; the attached pods are known to the agent when it resolves. */
  start(): Promise<void>;
  /** Serves one connection of the plugin. */
  serve(socket: Socket): void;
  close(): Promise<void>;
}

const SWEEP_MS = 60_000;
const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';

/** @throws Error when the state folder cannot be used */
export function createCniHost(parts: CniHostParts): CniHost {
  const { agent, logger, stateFolder, programFolder, networkNamespace } = parts;
  const network = createLinuxPodNetwork(networkNamespace === undefined ? {} : { networkNamespace });
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
  let isClosing = false;
  let timer: NodeJS.Timeout | null = null;
  const sweep = async (): Promise<void> => {
    try {
      await service.sweep();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn('looking for what CNI left behind has failed', { reason });
    }
  };
  return {
    async start() {
      await service.recover();
      await sweep();
      timer = setInterval(() => void sweep(), SWEEP_MS);
      timer.unref();
    },
    serve(socket) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      void servePlugin(socket, { service, logger, isClosing: () => isClosing });
    },
    async close() {
      isClosing = true;
      if (timer !== null) clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      await network.close();
    },
  };
}
