import { decodeRouteRefresh, encodeRouteRefresh } from '../../../bgp/packet/route-refresh.ts';
import { fromHex, MARKER } from '../../vectors/session-messages.ts';

const message = (rest: string, length = '0017') => fromHex(`${MARKER}${length}05${rest}`);

describe('ROUTE-REFRESH', () => {
  test('a request names its family, both ways (RFC 2918 §3)', () => {
    expect(decodeRouteRefresh(message('0002 00 01'))).toEqual({ kind: 'request', family: 'ipv6' });
    expect(encodeRouteRefresh('ipv6')).toEqual(message('0002 00 01'));
  });

  test.each([
    ['a family that we do not speak', '0019 00 46'],
    ['a marker that was not negotiated', '0001 01 01'],
    ['an unknown subtype (RFC 7313 §5)', '0001 07 01'],
  ])('%s is ignored', (_what, rest) => {
    expect(decodeRouteRefresh(message(rest))).toMatchObject({ kind: 'ignored' });
  });

  test('a longer one is 7/1 with the whole message (RFC 7313 §5)', () => {
    const long = message('0001 00 01 00', '0018');
    expect(decodeRouteRefresh(long)).toMatchObject({
      kind: 'error',
      notification: { code: 7, subcode: 1, data: long },
    });
  });
});
