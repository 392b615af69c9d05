import { BAD_HEADER, INCOMPLETE, InputQueue } from '../../../bgp/speaker/input-queue.ts';
import fc from '../../support/property.ts';
import { fromHex, MARKER } from '../../vectors/session-messages.ts';

/** A message of `length` octets whose body counts up from `seed`. */
function message(type: number, length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length).map((_octet, i) => (seed + i) & 0xff);
  bytes.set(fromHex(`${MARKER}${length.toString(16).padStart(4, '0')}0${type}`));
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function drain(queue: InputQueue, maxOctets = 4096): Uint8Array[] {
  const found: Uint8Array[] = [];
  while (queue.next(maxOctets) > INCOMPLETE) found.push(queue.bytes.slice(queue.start, queue.end));
  return found;
}

describe('input queue', () => {
  test('whole messages of a chunk are viewed where they lie', () => {
    const queue = new InputQueue();
    const chunk = joined([message(4, 19), message(2, 23), message(2, 4096)]);
    queue.push(chunk);
    expect(queue.next(4096)).toBe(4);
    expect(queue.next(4096)).toBe(2);
    expect([queue.start, queue.end]).toEqual([19, 42]);
    expect(queue.bytes).toBe(chunk);
    expect(queue.next(4096)).toBe(2);
    expect(queue.next(4096)).toBe(INCOMPLETE);
    expect(queue.queuedBytes).toBe(0);
  });

  test('messages come out the same however the stream is cut', () => {
    const messages = fc.array(fc.record({ length: fc.integer({ min: 23, max: 300 }), seed: fc.nat(255) }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 200 })), (list, cuts) => {
        const sent = list.map(({ length, seed }) => message(2, length, seed));
        const stream = joined(sent);
        const queue = new InputQueue();
        const found: Uint8Array[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          queue.push(stream.subarray(at, at + cut));
          at = Math.min(stream.length, at + cut);
          found.push(...drain(queue));
        }
        expect(found).toEqual(sent);
        expect(queue.queuedBytes).toBe(0);
      }),
    );
  });

  test('one octet at a time works', () => {
    const queue = new InputQueue();
    const sent = [message(1, 29), message(2, 500), message(4, 19)];
    const found: Uint8Array[] = [];
    for (const octet of joined(sent)) {
      queue.push(Uint8Array.of(octet));
      found.push(...drain(queue));
    }
    expect(found).toEqual(sent);
  });

  test('a bad header is found before its message has come', () => {
    const queue = new InputQueue();
    queue.push(message(2, 4097).subarray(0, 19));
    expect(queue.next(4096)).toBe(BAD_HEADER);
    expect(queue.error).toMatchObject({ code: 1, subcode: 2 });
  });

  test('a bad header that is split over chunks is found as well', () => {
    const queue = new InputQueue();
    const bad = message(2, 23);
    bad[3] = 0;
    queue.push(bad.subarray(0, 10));
    expect(queue.next(4096)).toBe(INCOMPLETE);
    queue.push(bad.subarray(10));
    expect(queue.next(4096)).toBe(BAD_HEADER);
    expect(queue.error).toMatchObject({ code: 1, subcode: 1 });
  });

  test('a longer message is good once extended messages are negotiated (RFC 8654)', () => {
    const queue = new InputQueue();
    const long = message(2, 65535);
    queue.push(long.subarray(0, 40_000));
    expect(queue.next(65535)).toBe(INCOMPLETE);
    queue.push(long.subarray(40_000));
    expect(drain(queue, 65535)).toEqual([long]);
  });

  test('clear forgets everything', () => {
    const queue = new InputQueue();
    queue.push(message(2, 100).subarray(0, 50));
    queue.next(4096);
    queue.clear();
    queue.push(message(4, 19));
    expect(queue.next(4096)).toBe(4);
  });
});
