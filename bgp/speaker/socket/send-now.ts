/**
 * Octets straight to the kernel. A stream of Node.js makes a dozen objects for each write, which for a single change and
 * 50 clients was nine tenths of all garbage: one change in twelve waited for a collection.
 */
import type { Socket } from 'node:net';
import { send } from './libc.ts';
import { fileDescriptor } from './socket-security.ts';

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/**
 * Only while the stream of the socket has nothing queued: it would be overtaken.
 * @returns octets taken; less than all when the kernel has no room or the connection failed, which the stream finds
 * out when it is given the rest
 */
export function sendNow(socket: Socket, bytes: Uint8Array): number {
  const fd = fileDescriptor(socket);
  return fd === null ? 0 : Math.max(0, send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL));
}
