import type { KernelRoute, RouteOperation, RouteWrites } from '../../../../felix-like/kernel/kernel-port.ts';
import { MessageReader } from '../../../../felix-like/kernel/netlink/message-reader.ts';
import { MessageWriter } from '../../../../felix-like/kernel/netlink/message-writer.ts';
import { decodeRoute } from '../../../../felix-like/kernel/netlink/route-decode.ts';
import { encodeRouteDump } from '../../../../felix-like/kernel/netlink/route-query.ts';
import {
  encodeRouteOperation,
  RouteWriteEncoder,
} from '../../../../felix-like/kernel/netlink/route-write.ts';
import { bytesOf, hexOf } from '../../support/hex.ts';
import { blackholeRoute, gatewayRoute } from '../../support/routes.ts';
import { DUMPED } from './dumped-routes.ts';

function decode(hex: string): KernelRoute | null {
  const message = new MessageReader(bytesOf(hex));
  expect(message.next()).toBe(true);
  return decodeRoute(message);
}

function encode(operation: RouteOperation, wantsAck = false): string {
  const writer = new MessageWriter(16);
  encodeRouteOperation(writer, operation, 5, wantsAck);
  return hexOf(writer.finish());
}

/** The same operations as a batch. */
function writesOf(operations: readonly RouteOperation[]): RouteWrites {
  return {
    length: operations.length,
    table: 254,
    op: (i) => operations[i]!.op,
    readPrefix: (i, key) => key.parse(operations[i]!.route.prefix),
    metric: (i) => operations[i]!.route.metric,
    target: (i) => operations[i]!.route.target,
    operations,
  };
}

test('a batch is written as its operations are one by one, whatever comes after what', () => {
  const { target } = gatewayRoute('10.0.0.0/8', '10.0.0.2', 2);
  const six = gatewayRoute('fd00::/64', 'fd99::2', 2).target;
  const routes = [
    { table: 254, prefix: '10.1.0.0/24', metric: 1024, target },
    { table: 254, prefix: '10.2.0.0/24', metric: 1024, target },
    { table: 254, prefix: '10.3.0.0/25', metric: 1024, target },
    { table: 254, prefix: '10.4.0.0/25', metric: 1025, target },
    { table: 254, prefix: '10.5.0.0/25', metric: 1025, target: blackholeRoute('10.5.0.0/25').target },
    { table: 254, prefix: '0.0.0.0/0', metric: 1025, target },
    { table: 254, prefix: '0.0.0.0/0', metric: 1025, target },
    { table: 254, prefix: 'fd00:1::/64', metric: 1025, target: six },
    { table: 254, prefix: 'fd00:2::/64', metric: 1025, target: six },
  ];
  const operations = (['add', 'replace', 'delete'] as const).flatMap((op) =>
    routes.map((route) => ({ op, route })),
  );
  const encoder = new RouteWriteEncoder();
  // Twice: an encoder has a life beyond one batch.
  for (let round = 0; round < 2; round++) {
    const single = new MessageWriter(16);
    const batch = new MessageWriter(16);
    operations.forEach((operation, i) => {
      const isLast = i === operations.length - 1;
      encodeRouteOperation(single, operation, i, isLast);
      encoder.encode(batch, writesOf(operations), i, i, isLast);
    });
    expect(hexOf(batch.finish())).toBe(hexOf(single.finish()));
  }
});

describe('route requests', () => {
  test('an addition creates, and never takes a key from anyone', () => {
    // nlmsghdr: length 68, RTM_NEWROUTE, REQUEST | EXCL | CREATE, sequence 5
    const header = '44000000 1800 0106 05000000 00000000';
    const attributes = '08000f00fe000000 080001000a010000 0800060000040000 0800040007000000 080005000a000002';
    expect(encode({ op: 'add', route: gatewayRoute('10.1.0.0/26', '10.0.0.2', 7) })).toBe(
      hexOf(bytesOf(`${header} 021a0000 00500001 00000000 ${attributes}`)),
    );
  });

  test('a replacement takes the key from whoever holds it', () => {
    // REQUEST | ACK | REPLACE | CREATE
    const header = '34000000 1800 0505 05000000 00000000';
    expect(encode({ op: 'replace', route: blackholeRoute('10.4.0.0/26') }, true)).toBe(
      hexOf(
        bytesOf(`${header} 021a0000 00500006 00000000 08000f00fe000000 080001000a040000 0800060000040000`),
      ),
    );
  });

  test('a deletion names key and protocol, whatever the target has become', () => {
    const header = '34000000 1900 0500 05000000 00000000';
    expect(encode({ op: 'delete', route: gatewayRoute('10.1.0.0/26', '10.0.0.2', 7) }, true)).toBe(
      hexOf(
        bytesOf(`${header} 021a0000 0050ff00 00000000 08000f00fe000000 080001000a010000 0800060000040000`),
      ),
    );
  });

  test.each(DUMPED)('what is asked for is what is dumped: %s', (_command, _hex, expected) => {
    expect(decode(encode({ op: 'add', route: expected }))).toEqual(expected);
  });

  test('a dump asks for table, protocol and interface', () => {
    const writer = new MessageWriter();
    encodeRouteDump(writer, { family: 'ipv6', table: 254, protocol: 80, interfaceIndex: 7 }, 9);
    expect(hexOf(writer.finish())).toBe(
      hexOf(
        bytesOf(
          '2c000000 1a00 0103 09000000 00000000 0a000000 00500000 00000000 08000f00fe000000 0800040007000000',
        ),
      ),
    );
  });

  test('a prefix that is none is refused loudly, not written as another one', () => {
    expect(() => encode({ op: 'add', route: blackholeRoute('10.4.0/26') })).toThrow('not an address: 10.4.0');
  });
});
