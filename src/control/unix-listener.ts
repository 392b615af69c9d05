/**
 * Listening on a unix socket that only this user may use; in a folder with the set-group-ID bit also the group of the
 * folder, which two containers of a pod share. A socket file that nobody answers (its process was
 * killed) is replaced; one that answers means that the place is taken.
 */
import { chmodSync, mkdirSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { CommandError, reasonOf } from '../cli/command-error.ts';

const SET_GROUP_ID = 0o2000;

/**
 * Binds `server` to `path`, mode 0600 or 0660; a missing folder is made.
 * @param what names the socket in messages
 * @throws CommandError when another process answers there, or the path cannot be used
 */
export async function listenUnix(server: Server, path: string, what: string): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    await bind(server, path);
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw new CommandError(`${what} ${path}: ${reasonOf(error)}`);
    await removeStale(path, what);
    try {
      await bind(server, path);
    } catch (again) {
      throw new CommandError(`${what} ${path}: ${reasonOf(again)}`);
    }
  }
}

function bind(server: Server, path: string): Promise<void> {
  const isShared = (statSync(dirname(path)).mode & SET_GROUP_ID) !== 0;
  const mode = isShared ? 0o660 : 0o600;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The file must not be open to others even for the moment until chmod; `listen` binds synchronously.
    const mask = process.umask(0o777 & ~mode);
    try {
      server.listen({ path }, () => {
        server.off('error', reject);
        chmodSync(path, mode);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

/**
 * Moves the file aside before it is deleted and asks once more: of two processes that start together, the
 * second must not delete the socket that the first has just made.
 */
async function removeStale(path: string, what: string): Promise<void> {
  if (!statSync(path).isSocket())
    throw new CommandError(`${what} ${path}: there is a file that is no socket`);
  const taken = new CommandError(`${what} ${path}: another process answers there already`);
  if (await answers(path)) throw taken;
  const aside = `${path}.${process.pid}`;
  renameSync(path, aside);
  if (await answers(aside)) {
    renameSync(aside, path);
    throw taken;
  }
  unlinkSync(aside);
}

/** True when a process accepts connections at the socket. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // A refused connection is the sign of a dead socket; anything else (no permission, say) is not.
    socket.once('error', (error) => resolve(codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT'));
  });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}
