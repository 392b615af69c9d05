import type { KernelRoute, RouteOperation, RouteWrites } from '../../../../felix-like/kernel/kernel-port.ts';
import { MessageReader } from '../../../../felix-like/kernel/netlink/message-reader.ts';
import { MessageWriter } from '../../../../felix-like/kernel/netlink/message-writer.ts';
import {
  decodeRoute,
  encodeRouteDump,
  encodeRouteOperation,
  RouteWriteEncoder,
} from '../../../../felix-like/kernel/netlink/route-message.ts';
import { bytesOf, hexOf } from '../../support/hex.ts';
import { blackholeRoute, gatewayRoute, linkRoute, nextHop, route } from '../../support/routes.ts';

/** Dumped by Linux 6.18 (little endian) for routes that iproute2 6.1 had made; the command is the name. */
const DUMPED: readonly [string, string, KernelRoute][] = [
  [
    'ip route add 10.1.0.0/26 via 10.0.0.2 dev v0 proto 80 metric 1024',
    '440000001800220001000000642e0000 021a0000fe50000100000000 08000f00fe000000 080001000a010000 0800060000040000 080005000a000002 0800040007000000',
    gatewayRoute('10.1.0.0/26', '10.0.0.2', 7),
  ],
  [
    'ip route add 10.2.0.5/32 dev v0 scope link proto 80 metric 1024',
    '3c0000001800220001000000642e0000 02200000fe50fd0100000000 08000f00fe000000 080001000a020005 0800060000040000 0800040007000000',
    linkRoute('10.2.0.5/32', 7),
  ],
  [
    'ip route add blackhole 10.4.0.0/26 proto 80 metric 1024',
    '340000001800220001000000642e0000 021a0000fe50000600000000 08000f00fe000000 080001000a040000 0800060000040000',
    blackholeRoute('10.4.0.0/26'),
  ],
  [
    'ip route add 10.3.0.0/26 proto 80 metric 1024 nexthop via 10.0.0.2 dev v0 weight 2 nexthop via 10.0.0.3 dev v0 onlink',
    '580000001800220001000000642e0000 021a0000fe50000100000000 08000f00fe000000 080001000a030000 0800060000040000 24000900 1000000107000000080005000a000002 1000040007000000080005000a000003',
    route('10.3.0.0/26', {
      nextHops: [nextHop('10.0.0.2', 7, { weight: 2 }), nextHop('10.0.0.3', 7, { onlink: true })],
    }),
  ],
  [
    'ip route add 10.6.0.0/26 via inet6 fe80::1 dev v0 proto 80 metric 1024',
    '540000001800220001000000642e0000 021a0000fe50000100000000 08000f00fe000000 080001000a060000 0800060000040000 160012000a00fe8000000000000000000000000000010000 0800040007000000',
    gatewayRoute('10.6.0.0/26', 'fe80::1', 7),
  ],
  [
    'ip route add 10.7.0.0/26 via 10.0.9.9 dev v0 onlink proto 80 metric 7',
    '440000001800220001000000642e0000 021a0000fe50000104000000 08000f00fe000000 080001000a070000 0800060007000000 080005000a000909 0800040007000000',
    { ...route('10.7.0.0/26', { nextHops: [nextHop('10.0.9.9', 7, { onlink: true })] }), metric: 7 },
  ],
  [
    'ip route add default via 10.0.0.9',
    '340000001800220001000000642e0000 02000000fe03000100000000 08000f00fe000000 080005000a000009 0800040007000000',
    { ...route('0.0.0.0/0', { protocol: 3, nextHops: [nextHop('10.0.0.9', 7)] }), metric: 0 },
  ],
  [
    'ip -6 route add blackhole fd00:4::/64 proto 80 metric 1024',
    '740000001800220001000000642e0000 0a400000fe50000600000000 08000f00fe000000 14000100fd000004000000000000000000000000 0800060000040000 0800040001000000 24000c000000000000000000000000000000000000000000000000000000000000000000 0500140000000000',
    blackholeRoute('fd00:4::/64'),
  ],
  [
    'ip -6 route add fd00:6::/64 via fd99::2 proto 80 metric 1024',
    '880000001800220001000000642e0000 0a400000fe50000100000000 08000f00fe000000 14000100fd000006000000000000000000000000 0800060000040000 14000500fd990000000000000000000000000002 0800040007000000 24000c000000000000000000000000000000000000000000000000000000000000000000 0500140000000000',
    gatewayRoute('fd00:6::/64', 'fd99::2', 7),
  ],
];

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
