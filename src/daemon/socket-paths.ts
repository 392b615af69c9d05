/**
 * Where the unix sockets are. Everything of one node lies in one folder: `/run/manul` for root, else `manul`
 * below $XDG_RUNTIME_DIR (or below the folder for temporary files, with the user's number).
 */
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

export type PathEnvironment = Readonly<Record<string, string | undefined>>;

/** Folder of the sockets for this user. */
export function runtimeFolder(environment: PathEnvironment, userId = process.getuid?.() ?? 0): string {
  if (userId === 0) return '/run/manul';
  const runtime = environment['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && runtime !== '') return join(runtime, 'manul');
  return join(tmpdir(), `manul-${userId}`);
}

/** Control socket of a process with these roles: an agent alone has one of its own beside the speaker's. */
export function defaultControlPath(
  environment: PathEnvironment,
  roles: readonly string[] = ['speaker'],
): string {
  const path = join(runtimeFolder(environment), 'control.sock');
  return roles.includes('speaker') ? path : agentControlPath(path);
}

/** Where the agent of the same node answers when it runs in a process of its own. */
export function agentControlPath(controlPath: string): string {
  return join(dirname(controlPath), `agent-${basename(controlPath)}`);
}

/** The role link's socket lies beside the control socket, so that two nodes on one machine do not meet. */
export function defaultAgentSocketPath(controlPath: string): string {
  return join(dirname(controlPath), 'agent.sock');
}
