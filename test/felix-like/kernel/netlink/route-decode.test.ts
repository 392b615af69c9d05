import type { KernelRoute } from '../../../../felix-like/kernel/kernel-port.ts';
import { MessageReader } from '../../../../felix-like/kernel/netlink/message-reader.ts';
import { RouteDumpCursor } from '../../../../felix-like/kernel/netlink/route-cursor.ts';
import { decodeRoute } from '../../../../felix-like/kernel/netlink/route-decode.ts';
import { bytesOf } from '../../support/hex.ts';
import { DUMPED } from './dumped-routes.ts';

function decode(hex: string): KernelRoute | null {
  const message = new MessageReader(bytesOf(hex));
  expect(message.next()).toBe(true);
  return decodeRoute(message);
}

describe('routes as the kernel dumps them', () => {
  test.each(DUMPED)('%s', (_command, hex, expected) => {
    expect(decode(hex)).toEqual(expected);
  });

  test.each([
    ['a route of the cache', '02200000fe03000100020000'],
    ['a route for one type of service', '02200010fe03000100000000'],
    ['a route for one source', '02201000fe03000100000000'],
    ['another address family', '07200000fe03000100000000'],
    ['an impossible prefix length', '02210000fe03000100000000'],
    ['a header that is cut short', '02200000fe030001'],
  ])('%s is left out', (_what, header) => {
    const length = (16 + header.length / 2).toString(16);
    expect(decode(`${length}0000001800000001000000642e0000${header}`)).toBeNull();
  });
});

describe('a dump that is stepped through', () => {
  const dumped = DUMPED.map(([, hex]) => bytesOf(hex));

  /** The same route to another destination: one octet of it, and its length. */
  function moved(message: Uint8Array, octet: number, length: number): Uint8Array {
    const copy = message.slice();
    copy[17] = length;
    copy[42] = octet;
    return copy;
  }

  function joined(messages: readonly Uint8Array[]): Uint8Array {
    return Uint8Array.from(messages.flatMap((message) => [...message]));
  }

  function decoded(messages: Uint8Array): KernelRoute[] {
    const routes: KernelRoute[] = [];
    const message = new MessageReader(messages);
    while (message.next()) routes.push(decodeRoute(message)!);
    return routes;
  }

  function stepped(cursor: RouteDumpCursor, messages: Uint8Array): KernelRoute[] {
    const routes: KernelRoute[] = [];
    cursor.reset(messages);
    while (cursor.next()) {
      const { key, metric, target } = cursor;
      routes.push({ table: 254, prefix: key.text(), metric, target });
    }
    return routes;
  }

  const alike = dumped.flatMap((message) => {
    // A destination stands there in all but default routes.
    if (message[17] === 0) return [message];
    const [full, half] = message[16] === 2 ? [24, 23] : [48, 47];
    return [message, moved(message, 2, full), moved(message, 4, full), moved(message, 4, half)];
  });

  test('gives what decoding each of its messages gives, whatever comes after what', () => {
    const cursor = new RouteDumpCursor(() => true);
    for (const messages of [alike, alike.toReversed(), [...dumped, ...dumped]]) {
      const bytes = joined(messages);
      expect(stepped(cursor, bytes)).toEqual(decoded(bytes));
    }
  });

  test('neighbours that go the same way share their target', () => {
    const cursor = new RouteDumpCursor(() => true);
    const [first, second] = stepped(cursor, joined([dumped[0]!, moved(dumped[0]!, 9, 24)]));
    expect(second).toMatchObject({ prefix: '10.1.9.0/24', target: first!.target });
    expect(second!.target).toBe(first!.target);
  });

  test('leaves out what is not wanted, and what is no route', () => {
    const cursor = new RouteDumpCursor(({ target }) => target.type === 'blackhole');
    const bytes = joined([...alike, bytesOf('14000000030002000100000000000000000000')]);
    expect(stepped(cursor, bytes)).toEqual(
      decoded(joined(alike)).filter(({ target }) => target.type === 'blackhole'),
    );
  });
});
