import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
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

/** Both ends of a connection over loopback; the receiver does not read yet. */
async function connection() {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver = connect({ port, host: '127.0.0.1' });
  const [socket] = (await once(server, 'connection')) as [Socket];
  receiver.pause();
  server.close();
  const counters = messageCounters().sent;
  const output = new SocketOutput({
    socket,
    clock: new FakeClock(),
    counters,
    updates: new UpdateCounter(),
  });
  return { socket, receiver, output, counters };
}

/** Octets that nobody takes for others. */
function chunkOf(octets: number, first: number): Uint8Array {
  const chunk = new Uint8Array(octets).fill(0xff);
  chunk[16] = octets >> 8;
  chunk[17] = octets & 0xff;
  chunk[18] = MessageTypeCode.Update;
  for (let i = 19; i < octets; i++) chunk[i] = first + i;
  return chunk;
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

  test('an UPDATE goes straight to the kernel while nothing waits', async () => {
    const { socket, receiver, output, counters } = await connection();
    const write = jest.spyOn(socket, 'write');
    output.write(chunkOf(40, 1));
    output.write(chunkOf(60, 2));
    expect(write).not.toHaveBeenCalled();
    expect(counters.bytes).toBe(100);
    expect(counters.messages().update).toBe(2);
    expect(output.queuedBytes()).toBe(0);
    socket.end();
    const received = Buffer.concat(await receiver.toArray());
    expect(received).toEqual(Buffer.concat([chunkOf(40, 1), chunkOf(60, 2)]));
  });

  test('what the kernel has no room for follows in order, and is counted once', async () => {
    const { socket, receiver, output, counters } = await connection();
    const chunks = Array.from({ length: 400 }, (_, i) => chunkOf(65_000, i));
    for (const chunk of chunks) output.write(chunk);
    expect(output.queuedBytes()).toBeGreaterThan(0);
    output.sendControl(MessageTypeCode.Keepalive, KEEPALIVE);
    const drained = new Promise<void>((resolve) => output.onceDrained(resolve));
    const received = receiver.toArray();
    await drained;
    output.write(chunkOf(30, 7));
    socket.end();
    const expected = Buffer.concat([...chunks, KEEPALIVE, chunkOf(30, 7)]);
    expect(Buffer.concat(await received).equals(expected)).toBe(true);
    expect(counters.bytes).toBe(expected.length);
  });

  test('a connection that failed is reported by its socket', async () => {
    const { socket, receiver, output } = await connection();
    const failed = new Promise<Error>((resolve) => socket.once('error', resolve));
    receiver.resetAndDestroy();
    for (let i = 0; !socket.destroyed && i < 1000; i++) {
      output.write(chunkOf(40, i));
      await setImmediate();
    }
    expect((await failed).message).toMatch(/EPIPE|ECONNRESET/);
  });
});
