import { dropsSince, parseNetstat } from '../../../../bgp/speaker/socket/kernel-counters.ts';

const TEXT = `TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure TCPMinTTLDrop
TcpExt: 9 1 2 3 4
IpExt: InNoRoutes TCPMD5NotFound
IpExt: 7 8
`;

test('the counters are found by name, in the table of TCP', () => {
  expect(parseNetstat(TEXT)).toEqual({ unsigned: 1, unexpectedlySigned: 2, wronglySigned: 3, lowTtl: 4 });
});

test('a kernel that does not count them, or no table at all, counts as zero', () => {
  const none = { unsigned: 0, unexpectedlySigned: 0, wronglySigned: 0, lowTtl: 0 };
  expect(parseNetstat('TcpExt: SyncookiesSent\nTcpExt: 9\n')).toEqual(none);
  expect(parseNetstat('')).toEqual(none);
});

test('what came between two readings', () => {
  const before = { unsigned: 1, unexpectedlySigned: 1, wronglySigned: 1, lowTtl: 1 };
  expect(dropsSince(before, parseNetstat(TEXT))).toEqual({
    unsigned: 0,
    unexpectedlySigned: 1,
    wronglySigned: 2,
    lowTtl: 3,
  });
});
