/** Limits of this machine that sessions run into, and what they mean for a configuration, in words. */
import { readFileSync } from 'node:fs';
import type { RenderedNode } from '@manul/config';

export interface HostLimits {
  /** File descriptors of this process (RLIMIT_NOFILE); Node.js has raised the soft limit to the hard one. Null: unknown. */
  readonly fileDescriptors: number | null;
  /** Octets of options that one socket may have (net.core.optmem_max): TCP MD5 keys, above all. Null: unknown. */
  readonly optionMemory: number | null;
}

/** Descriptors that are no sessions: HTTP connections, control socket, netlink, files. */
const OTHER_DESCRIPTORS = 640;
/** Measured: 961 keys fit into 131072 octets. */
const OCTETS_PER_KEY = 136;

export function readHostLimits(): HostLimits {
  return {
    fileDescriptors: maxOpenFiles(readText('/proc/self/limits')),
    optionMemory: positive(readText('/proc/sys/net/core/optmem_max')),
  };
}

/** The soft limit in the text of /proc/self/limits; null for none, and where there is none to find. */
export function maxOpenFiles(text: string): number | null {
  return positive(/^Max open files\s+(\S+)/m.exec(text)?.[1] ?? '');
}

/** Sessions that the descriptors are enough for; infinite where their limit is not known. */
export function sessionsFor({ fileDescriptors }: HostLimits): number {
  if (fileDescriptors === null) return Number.POSITIVE_INFINITY;
  return Math.max(fileDescriptors >> 1, fileDescriptors - OTHER_DESCRIPTORS);
}

/** Where nobody said how many sessions there may be, and the descriptors are fewer than the resources allow: that, in words. */
export function sessionCap(limits: HostLimits, { peers, dynamic }: RenderedNode): string | null {
  const allowed = peers.length + dynamic.reduce((sum, neighbor) => sum + neighbor.maxSessions, 0);
  const room = sessionsFor(limits);
  if (allowed <= room) return null;
  return `RLIMIT_NOFILE is ${limits.fileDescriptors}: room for ${room} sessions, of ${allowed} that resources allow; more are refused (ulimit -n, LimitNOFILE=)`;
}

/** What `rendered` may need and this machine does not give, one line each. */
export function limitProblems(
  { fileDescriptors, optionMemory }: HostLimits,
  maxSessions: number,
  rendered: RenderedNode,
): readonly string[] {
  const { peers, dynamic } = rendered;
  const problems: string[] = [];
  const sessions = peers.length + dynamic.reduce((sum, neighbor) => sum + neighbor.maxSessions, 0);
  if (
    fileDescriptors !== null &&
    Math.min(sessions, maxSessions) > sessionsFor({ fileDescriptors, optionMemory })
  ) {
    problems.push(
      `RLIMIT_NOFILE is ${fileDescriptors}: not enough for the ${Math.min(sessions, maxSessions)} sessions that are allowed; raise it (ulimit -n, LimitNOFILE=), or lower maxSessions or --max-sessions`,
    );
  } else if (sessions > maxSessions && peers.length > maxSessions) {
    problems.push(
      `${peers.length} peers are configured, more than the ${maxSessions} sessions that are allowed`,
    );
  }
  const keys = keysNeeded(rendered);
  if (optionMemory !== null && keys * OCTETS_PER_KEY > optionMemory) {
    const room = Math.floor(optionMemory / OCTETS_PER_KEY);
    problems.push(
      `net.core.optmem_max is ${optionMemory}: room for about ${room} TCP MD5 keys on a listening socket, ${keys} are needed; raise it to ${keys * OCTETS_PER_KEY * 2} (sysctl -w)`,
    );
  }
  return problems;
}

/** A key for each address and each range, of one address family. */
function keysNeeded({ peers, dynamic }: RenderedNode): number {
  const texts = [
    ...peers.filter(({ password }) => password).map(({ address }) => address),
    ...dynamic.filter(({ password }) => password).flatMap(({ listenRanges }) => listenRanges),
  ];
  const ipv6 = new Set(texts.filter((text) => text.includes(':'))).size;
  return Math.max(ipv6, new Set(texts).size - ipv6);
}

function positive(text: string): number | null {
  const number = Number(text.trim());
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // no procfs: the limit stays unknown
  }
}
