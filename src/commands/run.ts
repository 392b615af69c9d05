/** `manul run`: the daemon. */

import type { Logger, Speaker } from '@manul/bgp';
import { renderNode } from '@manul/config';
import type { Agent, CniHost, CniPaths } from '@manul/felix-like';
import manifest from '../../package.json' with { type: 'json' };
import type { CommandContext } from '../cli/command.ts';
import { CommandError, reasonOf } from '../cli/command-error.ts';
import { hasNetAdmin, hasSysAdmin } from '../daemon/capabilities.ts';
import { startDaemon } from '../daemon/daemon.ts';
import type { DaemonParts } from '../daemon/daemon-parts.ts';
import { readHostLimits, sessionsFor } from '../daemon/host-limits.ts';
import { openDatastore } from '../daemon/open-datastore.ts';
import { rehearse } from '../daemon/rehearsal.ts';
import { isBootForgotten, noteSpeakerRun } from '../daemon/restart-marker.ts';
import { type RunOptions, readRunOptions } from '../daemon/run-options.ts';
import { stopOnSignal } from '../daemon/signals.ts';
import { type LogSink, openLog } from '../logging/logger.ts';

/** Ends the process itself: after a forced stop something may still hold the event loop. */
export async function run({ arguments: raw, environment }: CommandContext): Promise<void> {
  const options = readRunOptions(raw, environment);
  requirePrivileges(options);
  const log = await openLog(options.logLevel, process.stderr.isTTY === true);
  endOnCrash(log);
  const parts = await createParts(options, log.logger);
  const daemon = await startDaemon(options, parts);
  // Whoever reads the line below may send a signal at once: it must be heard.
  const stopping = stopOnSignal(daemon, log.logger);
  log.logger.info('manul is running', {
    node: options.node,
    roles: options.roles.join(','),
    control: options.controlPath,
    http: daemon.http ?? 'off',
  });
  beginRehearsal(parts);
  const result = await stopping;
  if (result.clean) log.logger.info('stopped');
  else log.logger.error('stopped uncleanly', { reason: result.reason });
  await log.flush();
  process.exit(result.clean ? 0 : 1);
}

function requirePrivileges({ roles, cni }: RunOptions): void {
  if (roles.includes('agent') && !hasNetAdmin()) {
    throw new CommandError(
      'the agent role needs CAP_NET_ADMIN: run as root, grant the capability, or use --roles speaker',
    );
  }
  if (cni !== null && !hasSysAdmin()) {
    throw new CommandError('--cni needs CAP_SYS_ADMIN, to enter the network namespaces of pods');
  }
}

async function createParts(options: RunOptions, logger: Logger): Promise<DaemonParts> {
  const agent = options.roles.includes('agent') ? await newAgent(options, logger) : null;
  const hasSpeaker = options.roles.includes('speaker');
  const hasRestarted = hasSpeaker && options.gracefulRestart !== 'never' && mayHaveRestarted(options);
  try {
    return {
      speaker: hasSpeaker ? await newSpeaker(options, hasRestarted, logger) : null,
      agent,
      hasRestarted,
      cni:
        agent !== null && options.cni !== null ? await newCniHost(agent, options.cni, options, logger) : null,
      ...(await openDatastore(options, agent, logger)),
      render: renderNode,
      logger,
      version: manifest.version,
    };
  } catch (error) {
    // it watches the kernel already, and would keep the process
    await agent?.close();
    throw error;
  }
}

/** Without the agent in its process a speaker may have files that do not outlive it. */
function mayHaveRestarted({ controlPath, roles }: RunOptions): boolean {
  return noteSpeakerRun(controlPath) || (!roles.includes('agent') && isBootForgotten());
}

async function newSpeaker(
  { maxSessions, gracefulRestart }: RunOptions,
  hasRestarted: boolean,
  logger: Logger,
): Promise<Speaker> {
  const { createRib, createSpeaker, shortenTimeSlice } = await import('@manul/bgp');
  shortenTimeSlice(); // it has no say in whether the kernel knows how
  const host = readHostLimits();
  const limits = { maxSessions: maxSessions ?? sessionsFor(host), maxFileDescriptors: host.fileDescriptors };
  const nodesOnly = gracefulRestart === 'nodes';
  const restart = gracefulRestart === 'never' ? {} : { gracefulRestart: { hasRestarted, nodesOnly } };
  return createSpeaker({ logger, rib: createRib(), limits, ...restart });
}

async function newAgent({ sysctlFolder }: RunOptions, logger: Logger): Promise<Agent> {
  const { createAgent, createHostCommands, createLinuxKernel } = await import('@manul/felix-like');
  return createAgent({ kernel: createLinuxKernel({ sysctlFolder }), commands: createHostCommands(), logger });
}

async function newCniHost(
  agent: Agent,
  paths: CniPaths,
  { sysctlFolder }: RunOptions,
  logger: Logger,
): Promise<CniHost> {
  const { createCniHost, createLinuxPodNetwork } = await import('@manul/felix-like');
  try {
    return createCniHost({ agent, paths, logger, network: createLinuxPodNetwork({ sysctlFolder }) });
  } catch (error) {
    throw new CommandError(`--state-dir ${paths.stateFolder}: ${reasonOf(error)}`);
  }
}

/** Only where routes go all the way to the kernel: a reflector alone, or an agent alone, has less to do for each. */
function beginRehearsal({ speaker, agent, logger }: DaemonParts): void {
  if (speaker === null || agent === null) return;
  const routes = (): number => {
    const { ipv4, ipv6 } = speaker.ribSummary().prefixes;
    return ipv4 + ipv6;
  };
  rehearse(routes).then(
    (count) => logger.debug('rehearsal is over', { routes: count }),
    (error: unknown) => logger.debug('rehearsal ended early', { reason: reasonOf(error) }),
  );
}

/** What nobody caught is a fault of ours: said in the log, then the supervisor starts a fresh process. */
function endOnCrash(log: LogSink): void {
  const onCrash = (error: unknown): void => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    log.logger.error('internal error, the process ends', { reason: message, stack });
    log.flush().finally(() => process.exit(1));
  };
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);
}
