import { decodeRouteRefresh, encodeRouteRefresh } from '../../../bgp/packet/route-refresh.ts';
import { fromHex, MARKER } from '../../vectors/session-messages.ts';

const message = (rest: string, length = '0017') => fromHex(`${MARKER}${length}05${rest}`);

describe('ROUTE-REFRESH', () => {
  test('a request names its family, both ways (RFC 2918 §3)', () => {
    expect(decodeRouteRefresh(message('0002 00 01'), false)).toEqual({ kind: 'request', family: 'ipv6' });
    expect(encodeRouteRefresh('ipv6')).toEqual(message('0002 00 01'));
  });

  test.each([
    ['a family that we do not speak', '0019 00 46'],
    ['a marker that was not negotiated', '0001 01 01'],
    ['an unknown subtype (RFC 7313 §5)', '0001 07 01'],
  ])('%s is ignored', (_what, rest) => {
    expect(decodeRouteRefresh(message(rest), false)).toMatchObject({ kind: 'ignored' });
  });

  test.each([
    ['begin', '0001 01 01'],
    ['end', '0001 02 01'],
  ] as const)('where markers are negotiated, %s is one of them, both ways (RFC 7313 §3.2)', (kind, rest) => {
    expect(decodeRouteRefresh(message(rest), true)).toEqual({ kind, family: 'ipv4' });
    expect(encodeRouteRefresh('ipv4', kind)).toEqual(message(rest));
  });

  test('an unknown subtype stays ignored where markers are negotiated (RFC 7313 §5)', () => {
    expect(decodeRouteRefresh(message('0001 07 01'), true)).toMatchObject({ kind: 'ignored' });
  });

  test('a longer one is 7/1 with the whole message (RFC 7313 §5)', () => {
    const long = message('0001 00 01 00', '0018');
    expect(decodeRouteRefresh(long, false)).toMatchObject({
      kind: 'error',
      notification: { code: 7, subcode: 1, data: long },
    });
  });
});
