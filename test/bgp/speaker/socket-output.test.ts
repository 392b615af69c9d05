import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { MessageTypeCode } from '../../../bgp/packet/iana.ts';
import { KEEPALIVE } from '../../../bgp/packet/keepalive.ts';
import { messageCounters, UpdateCounter } from '../../../bgp/speaker/message-counters.ts';
import { SocketOutput } from '../../../bgp/speaker/socket-output.ts';
import { FakeClock } from './fake-clock.ts';

/** A socket that notes what each system call would have taken. */
function setUp() {
  const calls: number[][] = [];
  const socket = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      calls.push([chunk.length]);
      done();
    },
    writev: (chunks, done) => {
      calls.push(chunks.map(({ chunk }) => chunk.length));
      done();
    },
  });
  const output = new SocketOutput({
    socket: socket as unknown as Socket,
    clock: new FakeClock(),
    counters: messageCounters().sent,
    updates: new UpdateCounter(),
  });
  return { calls, socket, output };
}

const END_OF_RIB = Uint8Array.from([...Array(16).fill(0xff), 0, 23, MessageTypeCode.Update, 0, 0, 0, 0]);

describe('socket output', () => {
  test('short messages that are written together leave in one system call', async () => {
    const { calls, output } = setUp();
    output.sendControl(MessageTypeCode.Keepalive, KEEPALIVE);
    output.write(END_OF_RIB);
    output.write(END_OF_RIB);
    expect(calls).toEqual([]);
    expect(output.queuedBytes()).toBe(19 + 2 * 23);
    await Promise.resolve();
    expect(calls).toEqual([[19, 23, 23]]);
    expect(output.queuedBytes()).toBe(0);
    output.write(END_OF_RIB);
    await Promise.resolve();
    expect(calls).toEqual([[19, 23, 23], [23]]);
  });

  test('a long chunk leaves at once', () => {
    const { calls, output } = setUp();
    output.write(new Uint8Array(4096));
    expect(calls).toEqual([[4096]]);
  });

  test('what was written before the socket is ended comes before its last words', async () => {
    const { calls, socket, output } = setUp();
    output.sendControl(MessageTypeCode.Keepalive, KEEPALIVE);
    output.close();
    socket.end(new Uint8Array(21));
    await new Promise((resolve) => socket.once('finish', resolve));
    expect(calls.flat()).toEqual([19, 21]);
  });
});
