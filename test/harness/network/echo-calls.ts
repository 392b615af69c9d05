/** Servers that tell a client where its message came from, and calls to them. */
import { fileURLToPath } from 'node:url';
import { ChildDaemon } from '../process/child-daemon.ts';
import type { NetworkNamespace } from '../process/network-namespace.ts';
import { insideLater } from './node-lab.ts';

const PROGRAM = fileURLToPath(new URL('./echo.ts', import.meta.url));
const PORT = 7007;

/** Resolves when it serves, over TCP and UDP, until it is stopped. @param deadlineMs default: a usual one */
export async function startEcho(namespace: NetworkNamespace, deadlineMs?: number): Promise<ChildDaemon> {
  const words = [PROGRAM, 'serve', String(PORT)];
  const child = await ChildDaemon.start('echo', process.execPath, words, { namespace });
  await child.until((output) => output.includes('serving') || null, 'serves', deadlineMs);
  return child;
}

/** @returns the source addresses that servers saw: for each address that over TCP, then that over UDP */
export async function askEcho(from: NetworkNamespace, addresses: readonly string[]): Promise<string[]> {
  const words = [process.execPath, PROGRAM, 'ask', 'tcp,udp', addresses.join(), String(PORT)];
  const { stdout, stderr, status } = await insideLater(from, ...words);
  if (status === 0) return stdout.trim().split('\n');
  throw new Error(`${addresses.join()} from ${from.name}: ${stderr || `no answer after ${stdout}`}`);
}
