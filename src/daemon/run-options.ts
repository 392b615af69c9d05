/** Flags and environment of `manul run` → one checked value. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addressFamily, canonicalAddress, formatPrefix, parsePrefix } from '@manul/bgp/net';
import { parseDurationSec, type RenderOptions } from '@manul/config';
import type { CniPaths } from '@manul/felix-like';
import type { RawArguments } from '../cli/arguments.ts';
import { CommandError, usageError } from '../cli/command-error.ts';
import type { LogLevel } from '../logging/logger.ts';
import type { PerPeerRule } from '../metrics/peer-budget.ts';
import { type NodeAddressOptions, readNodeAddressOptions } from '../node-address/address-options.ts';
import { parseHttpAddress, type TcpAddress } from './http-address.ts';
import { defaultAgentSocketPath, defaultControlPath, type PathEnvironment } from './socket-paths.ts';

export type Role = 'speaker' | 'agent';

/** Where the resources are. */
export type DatastoreChoice =
  | { readonly kind: 'file'; readonly paths: readonly string[] }
  /** `kubeconfig`: path, or null for the pod that we run in, or the user's own. */
  | { readonly kind: 'kubernetes'; readonly kubeconfig: string | null };

export interface RunOptions extends RenderOptions {
  readonly datastore: DatastoreChoice;
  readonly roles: readonly Role[];
  /** Null: no HTTP server. */
  readonly http: TcpAddress | null;
  /** A second one, for metrics and health alone; null: none. */
  readonly metrics: TcpAddress | null;
  /** Folder with the kernel's parameters that can be written, `/proc/sys`. */
  readonly sysctlFolder: string;
  readonly controlPath: string;
  readonly agentSocketPath: string;
  /** Null: as many as there are file descriptors for. */
  readonly maxSessions: number | null;
  /** Null: pods are attached by others. */
  readonly cni: CniPaths | null;
  readonly addressing: NodeAddressOptions;
  /** Which peers are told that this node goes on forwarding while its speaker is started again (RFC 4724). */
  readonly gracefulRestart: 'never' | 'nodes' | 'always';
  /** How long the node is no place for pods while routes of peers are missing. */
  readonly waitForRoutesMs: number;
  readonly metricsPerPeer: PerPeerRule;
  readonly logLevel: LogLevel;
}

export const SPEAKER_HTTP = '127.0.0.1:9179';
export const AGENT_HTTP = '127.0.0.1:9180';
/** The image has them there. */
const INSTALLED_CNI_PROGRAMS = fileURLToPath(new URL('../../cni', import.meta.url));

/** @throws CommandError naming the flag that is wrong */
export function readRunOptions(raw: RawArguments, environment: PathEnvironment): RunOptions {
  const roles = readRoles(raw.text('roles'));
  const controlPath = raw.text('control') ?? defaultControlPath(environment, roles);
  const isAgentAlone = !roles.includes('speaker');
  return {
    datastore: readDatastore(raw, 'config'),
    ...readRenderOptions(raw),
    roles,
    http: parseHttpAddress('http', raw.text('http') ?? (isAgentAlone ? AGENT_HTTP : SPEAKER_HTTP)),
    metrics: parseHttpAddress('metrics', raw.text('metrics') ?? 'off'),
    sysctlFolder: raw.text('sysctl-dir') ?? '/proc/sys',
    controlPath,
    agentSocketPath: raw.text('agent-socket') ?? defaultAgentSocketPath(controlPath),
    maxSessions: readMaxSessions(raw),
    cni: readCniPaths(raw, roles, controlPath),
    addressing: readNodeAddressOptions(raw),
    gracefulRestart: readGracefulRestart(raw, roles),
    waitForRoutesMs: readWaitForRoutes(raw),
    metricsPerPeer: (raw.text('metrics-per-peer') ?? 'auto') as PerPeerRule,
    logLevel: (raw.text('log-level') ?? 'info') as LogLevel,
  };
}

/**
 * What a rendering depends on beside the resources. The node: `--node`, then NODENAME, then the host name in lower
 * case, as Calico does.
 * @throws CommandError naming the flag that is wrong
 */
export function readRenderOptions(raw: RawArguments): RenderOptions {
  return {
    node: raw.text('node') ?? hostname().toLowerCase(),
    routerId: readRouterId(raw),
    namespace: raw.text('namespace') ?? 'manul-system',
    advertiseClusterIps: readPrefixes(raw, 'advertise-cluster-ips'),
    missingPassword: raw.text('missing-password') === 'connect' ? 'connect' : 'hold',
  };
}

function readMaxSessions(raw: RawArguments): number | null {
  const text = raw.text('max-sessions');
  if (text === undefined) return null;
  if (!/^[1-9][0-9]{0,6}$/.test(text)) {
    throw usageError(`--max-sessions: "${text}" is no number from 1 to 9999999`);
  }
  return Number(text);
}

/** Without the agent role nothing is known of the routes in the kernel, and a reflector may have none. */
function readGracefulRestart(raw: RawArguments, roles: readonly Role[]): RunOptions['gracefulRestart'] {
  const choice = raw.text('graceful-restart') ?? 'auto';
  if (choice === 'auto') return roles.includes('agent') ? 'nodes' : 'never';
  return choice as RunOptions['gracefulRestart'];
}

function readWaitForRoutes(raw: RawArguments): number {
  const text = raw.text('wait-for-routes') ?? '30s';
  const seconds = parseDurationSec(text);
  if (seconds === null) throw usageError(`--wait-for-routes: "${text}" is no duration, such as 30s`);
  return seconds * 1000;
}

function readRouterId(raw: RawArguments): string | null {
  const text = raw.text('router-id');
  if (text === undefined || text === 'hash') return text ?? null;
  if (addressFamily(text) !== 'ipv4' || text === '0.0.0.0') {
    throw usageError(`--router-id: "${text}" is neither an IPv4 address nor "hash"`);
  }
  return canonicalAddress(text);
}

/** Prefixes separated by commas, canonical; null where the flag is not given. */
function readPrefixes(raw: RawArguments, flag: string): readonly string[] | null {
  const text = raw.text(flag);
  if (text === undefined) return null;
  const words = text.split(',').map((word) => word.trim());
  return words
    .filter((word) => word !== '')
    .map((word) => {
      const prefix = word.includes('/') ? parsePrefix(word, { mask: true }) : null;
      if (prefix === null) throw usageError(`--${flag}: "${word}" is no prefix, address/length`);
      return formatPrefix(prefix);
    });
}

/**
 * @param pathsOf the argument that names files and folders
 * @throws CommandError when the arguments contradict each other, or name what is not there
 */
export function readDatastore(raw: RawArguments, pathsOf: 'config' | 'path'): DatastoreChoice {
  const paths = raw.list(pathsOf);
  const kubeconfig = raw.text('kubeconfig') ?? null;
  const named = pathsOf === 'config' ? '--config PATH (or MANUL_CONFIG)' : 'PATH';
  if (raw.text('datastore') === 'kubernetes') {
    if (paths.length > 0) throw usageError(`${named} does not go with --datastore kubernetes`);
    if (kubeconfig !== null) requireExisting('--kubeconfig', [kubeconfig]);
    return { kind: 'kubernetes', kubeconfig };
  }
  if (paths.length === 0) {
    throw usageError(`${named} is needed: a file or folder of resources; or --datastore kubernetes`);
  }
  if (pathsOf === 'config') requireExisting('--config', paths);
  return { kind: 'file', paths };
}

function requireExisting(flag: string, paths: readonly string[]): void {
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) throw new CommandError(`${flag} ${missing}: no such file or folder`);
}

function readRoles(text: string | undefined): readonly Role[] {
  const words = (text ?? 'speaker,agent').split(',').map((word) => word.trim());
  const roles: Role[] = [];
  for (const word of words) {
    if (word !== 'speaker' && word !== 'agent') {
      throw usageError(`--roles: "${word}" is no role, known are speaker and agent`);
    }
    if (!roles.includes(word)) roles.push(word);
  }
  return roles;
}

function readCniPaths(raw: RawArguments, roles: readonly Role[], controlPath: string): CniPaths | null {
  if (!raw.isOn('cni')) return null;
  if (!roles.includes('agent'))
    throw usageError('--cni needs the agent role: pods are attached by the agent');
  const programFolder = raw.text('cni-programs') ?? INSTALLED_CNI_PROGRAMS;
  if (!existsSync(join(programFolder, 'host-local'))) {
    const hint = 'in a checkout, npm run cni-programs builds them and prints their folder';
    throw new CommandError(`--cni-programs ${programFolder}: no CNI programs there; ${hint}`);
  }
  return {
    programFolder,
    binFolder: raw.text('cni-bin-dir') ?? '/opt/cni/bin',
    configFolder: raw.text('cni-conf-dir') ?? '/etc/cni/net.d',
    stateFolder: raw.text('state-dir') ?? '/var/lib/manul',
    socketPath: resolve(raw.text('cni-socket') ?? join(dirname(controlPath), 'cni.sock')),
  };
}
