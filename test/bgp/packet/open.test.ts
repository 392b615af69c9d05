import { HEADER_OCTETS } from '../../../bgp/packet/header.ts';
import type { Notification } from '../../../bgp/packet/notification.ts';
import { decodeOpen, encodeOpen, type OpenMessage } from '../../../bgp/packet/open.ts';
import { fromHex, MARKER, OPEN_VECTORS } from '../../vectors/session-messages.ts';

/** Version 4, AS 64512, hold time 90, identifier 192.0.2.1, then `rest`. */
const body = (rest: string, { version = '04', asn = 'fc00', hold = '005a', id = 'c0000201' } = {}) =>
  fromHex(version + asn + hold + id + rest);

function refusal(bytes: Uint8Array): Pick<Notification, 'code' | 'subcode' | 'data'> {
  const result = decodeOpen(bytes);
  if (result.ok) throw new Error('expected a refusal');
  const { code, subcode, data } = result.notification;
  return { code, subcode, data };
}

const refused = (subcode: number, data = '') => ({ code: 2, subcode, data: fromHex(data) });

describe('OPEN of other implementations', () => {
  test.each(OPEN_VECTORS)('is understood: $provenance', ({ message, open }) => {
    expect(decodeOpen(message.subarray(HEADER_OCTETS))).toEqual({ ok: true, open });
  });

  test('BIRD orders and packs its capabilities as we do: the encoder reproduces its bytes', () => {
    const { message, open } = OPEN_VECTORS[0]!;
    expect(encodeOpen(open)).toEqual(message);
  });
});

describe('OPEN decoder', () => {
  test('an OPEN without optional parameters has no capabilities (RFC 4271 §4.2)', () => {
    expect(decodeOpen(body('00'))).toEqual({
      ok: true,
      open: { asn: 64512, holdTimeSec: 90, routerId: '192.0.2.1', capabilities: [] },
    });
  });

  test('the AS number comes from the four-octet AS capability (RFC 6793 §4.1)', () => {
    const result = decodeOpen(body('08 0206 4104fa56ea01', { asn: '5ba0' }));
    expect(result).toMatchObject({ ok: true, open: { asn: 4200000001 } });
  });

  test('version 3 is refused with 2/1 and the version that we speak (RFC 4271 §6.2)', () => {
    expect(refusal(body('00', { version: '03' }))).toEqual(refused(1, '0004'));
  });

  test('AS 0 is refused with 2/2, in the field and in the capability (RFC 7607 §2)', () => {
    expect(refusal(body('00', { asn: '0000' }))).toEqual(refused(2));
    expect(refusal(body('08 0206 410400000000'))).toEqual(refused(2));
  });

  test('BGP Identifier 0.0.0.0 is refused with 2/3 (RFC 6286 §2.1)', () => {
    expect(refusal(body('00', { id: '00000000' }))).toEqual(refused(3));
  });

  test('any other BGP Identifier is good (RFC 6286 §2.1)', () => {
    expect(decodeOpen(body('00', { id: 'e0000001' }))).toMatchObject({ ok: true });
    expect(decodeOpen(body('00', { id: 'ffffffff' }))).toMatchObject({ ok: true });
  });

  test.each(['0001', '0002'])('hold time %s is refused with 2/6 (RFC 4271 §6.2)', (hold) => {
    expect(refusal(body('00', { hold }))).toEqual(refused(6));
  });

  test.each([
    ['0000', 0],
    ['0003', 3],
    ['ffff', 65535],
  ])('hold time %s is good', (hold, holdTimeSec) => {
    expect(decodeOpen(body('00', { hold }))).toMatchObject({ ok: true, open: { holdTimeSec } });
  });

  test('an optional parameter other than capabilities is refused with 2/4 (RFC 4271 §6.2)', () => {
    expect(refusal(body('03 0101 00'))).toEqual(refused(4));
  });

  test.each([
    ['parameters shorter than their length says', '08 0206 0104'],
    ['octets behind the parameters', '02 0200 00'],
    ['a parameter longer than the parameters', '04 0206 0104'],
    ['a capability longer than its parameter', '04 0202 0105'],
    ['half a parameter header', '01 02'],
    ['no length at all', ''],
  ])('%s is refused with 2/0', (_what, rest) => {
    expect(refusal(body(rest))).toEqual(refused(0));
  });

  test('extended optional parameters are read, whatever the first length says (RFC 9072 §2)', () => {
    const capability = { kind: 'multiprotocol', afi: 1, safi: 1 };
    for (const length of ['ff', '01']) {
      const result = decodeOpen(body(`${length} ff 0009 02 0006 010400010001`));
      expect(result).toMatchObject({ ok: true, open: { capabilities: [capability] } });
    }
  });

  test('extended optional parameters with a wrong length are refused with 2/0', () => {
    expect(refusal(body('ff ff 000a 02 0006 010400010001'))).toEqual(refused(0));
  });

  test('a known capability of a wrong length is kept as not understood (RFC 5492 §3)', () => {
    const result = decodeOpen(body('05 0203 0101 09'));
    expect(result).toMatchObject({
      ok: true,
      open: { capabilities: [{ kind: 'unknown', code: 1, value: fromHex('09') }] },
    });
  });
});

describe('OPEN encoder', () => {
  const open: OpenMessage = {
    asn: 4200000001,
    holdTimeSec: 90,
    routerId: '192.0.2.1',
    capabilities: [{ kind: 'fourOctetAs', asn: 4200000001 }],
  };

  test('a large AS number is AS_TRANS in the two-octet field (RFC 6793 §4.2.2)', () => {
    expect(encodeOpen(open)).toEqual(fromHex(`${MARKER}0025 01 04 5ba0 005a c0000201 08 0206 4104fa56ea01`));
  });

  test('capabilities beyond 252 octets take the extended form (RFC 9072 §2)', () => {
    const value = new Uint8Array(251);
    const message = encodeOpen({ ...open, capabilities: [{ kind: 'unknown', code: 200, value }] });
    expect(message.subarray(HEADER_OCTETS + 9, HEADER_OCTETS + 18)).toEqual(
      fromHex('ff ff 0100 02 00fd c8fb'),
    );
    expect(decodeOpen(message.subarray(HEADER_OCTETS))).toMatchObject({ ok: true });
  });

  test('a hold time that does not fit, or an identifier that is none, is a loud mistake', () => {
    expect(() => encodeOpen({ ...open, holdTimeSec: 65536 })).toThrow('out of range');
    expect(() => encodeOpen({ ...open, routerId: '::1' })).toThrow(TypeError);
  });
});
