/** A whole daemon on doubles, with real sockets. */
import { join } from 'node:path';
import type { RenderNode } from '@manul/config';
import { type Daemon, startDaemon } from '../../../src/daemon/daemon.ts';
import type { RunOptions } from '../../../src/daemon/run-options.ts';
import { FakeAgent } from './fake-agent.ts';
import { FakeDatastore, nodeConfig } from './fake-datastore.ts';
import { FakeSpeaker } from './fake-speaker.ts';
import { type KeptLog, keepLog } from './log.ts';

export interface TestDaemon {
  readonly daemon: Daemon;
  readonly speaker: FakeSpeaker;
  readonly agent: FakeAgent;
  readonly datastore: FakeDatastore;
  readonly log: KeptLog;
  readonly options: RunOptions;
  /** GET over TCP. */
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
}

export interface TestDaemonOptions {
  readonly roles?: RunOptions['roles'];
  readonly datastore?: FakeDatastore;
  readonly agent?: FakeAgent;
  readonly render?: RenderNode;
  readonly options?: Partial<RunOptions>;
}

let number = 0;

/** The caller closes `daemon`. */
export async function runDaemon(folder: string, setup: TestDaemonOptions = {}): Promise<TestDaemon> {
  number += 1;
  const roles = setup.roles ?? ['speaker'];
  const options: RunOptions = {
    datastore: { kind: 'file', paths: [] },
    node: 'node-1',
    roles,
    http: { host: '127.0.0.1', port: 0 },
    metrics: null,
    sysctlFolder: '/proc/sys',
    controlPath: join(folder, `control-${number}.sock`),
    agentSocketPath: join(folder, `agent-${number}.sock`),
    routerId: null,
    namespace: 'manul-system',
    maxSessions: null,
    cni: null,
    addressing: {
      sources: { ipv4: { kind: 'resource' }, ipv6: { kind: 'resource' } },
      pollIntervalSec: 60,
    },
    gracefulRestart: 'never',
    waitForRoutesMs: 30_000,
    metricsPerPeer: 'auto',
    logLevel: 'info',
    ...setup.options,
  };
  const speaker = new FakeSpeaker();
  const agent = setup.agent ?? new FakeAgent();
  const datastore = setup.datastore ?? new FakeDatastore();
  const log = keepLog();
  const daemon = await startDaemon(options, {
    speaker: roles.includes('speaker') ? speaker : null,
    agent: roles.includes('agent') ? agent : null,
    cni: null,
    hasRestarted: false,
    datastore,
    reports: null,
    render: setup.render ?? (() => nodeConfig()),
    logger: log.logger,
    version: '0.0.0',
  });
  const get = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://${daemon.http}${path}`, init);
  return { daemon, speaker, agent, datastore, log, options, get };
}
