import { readSyn } from '../../../../bgp/speaker/socket/saved-syn.ts';

/** SYN from 127.0.0.1 with MSS, SACK and window scale, as captured on loopback; TTL 64. */
const PLAIN =
  '4500003c1c46400040069c5d7f0000017f000001' +
  '9c4000b3000000000000000' +
  '0a002ffd7fe300000' +
  '0204ffd70402080a00000000000000000103030a';
/** The same with `kind 19, length 18` in front of the rest, TTL 255. */
const SIGNED =
  '4500004c1c464000ff069c5d7f0000017f000001' +
  '9c4000b30000000000000000e002ffd7fe300000' +
  '0101131200112233445566778899aabbccddeeff' +
  '0204ffd701010402' +
  '0103030a' +
  '01010101';
const IPV6 = `60000000002806ff${'fd000000000000000000000000000001'}${'fd000000000000000000000000000002'}`;
const TCP_PLAIN = '9c4000b30000000000000000a002ffd7fe3000000204ffd70402080a00000000000000000103030a';

const read = (hex: string) => readSyn(Buffer.from(hex, 'hex'));

test.each([
  ['IPv4 without options that matter', PLAIN, { ttl: 64, isSigned: false }],
  ['IPv4, signed', SIGNED, { ttl: 255, isSigned: true }],
  ['IPv6', IPV6 + TCP_PLAIN, { ttl: 255, isSigned: false }],
  [
    'IPv6 behind a hop-by-hop header',
    `${IPV6.slice(0, 12)}00ff${IPV6.slice(16)}0600010400000000${TCP_PLAIN}`,
    { ttl: 255, isSigned: false },
  ],
])('%s', (_what, hex, facts) => {
  expect(read(hex)).toEqual(facts);
});

test.each([
  ['nothing', ''],
  ['a header that is cut off', PLAIN.slice(0, 60)],
  ['another version', `1${PLAIN.slice(1)}`],
  ['another protocol behind IPv6', `${IPV6.slice(0, 12)}11ff${IPV6.slice(16)}${TCP_PLAIN}`],
])('%s is not understood, so nothing is claimed', (_what, hex) => {
  expect(read(hex)).toBeNull();
});

test('options that lie about their length end the search', () => {
  expect(read(SIGNED.replace('01011312', '02001312'))).toEqual({ ttl: 255, isSigned: false });
});
