import { checkHeader, encodeMessage, MAX_EXTENDED_MESSAGE_OCTETS } from '../../../bgp/packet/header.ts';
import { KEEPALIVE } from '../../../bgp/packet/keepalive.ts';
import { fromHex, MARKER } from '../../vectors/session-messages.ts';

const header = (length: number, type: number, marker = MARKER) =>
  fromHex(marker + length.toString(16).padStart(4, '0') + type.toString(16).padStart(2, '0'));

const verdict = (bytes: Uint8Array, maxOctets = 4096) => {
  const notification = checkHeader(bytes, 0, maxOctets);
  return notification === null
    ? 'good'
    : `${notification.code}/${notification.subcode} ${Buffer.from(notification.data).toString('hex')}`;
};

describe('message header check (RFC 4271 §6.1)', () => {
  test('a marker that is not all ones is 1/1, before anything else is looked at', () => {
    expect(verdict(header(18, 9, `${'ff'.repeat(15)}fe`))).toBe('1/1 ');
    expect(verdict(header(18, 9, `00${'ff'.repeat(15)}`))).toBe('1/1 ');
  });

  test.each([
    [18, 4, '1/2 0012'],
    [0, 4, '1/2 0000'],
    [20, 4, '1/2 0014'],
    [4097, 2, '1/2 1001'],
    [28, 1, '1/2 001c'],
    [22, 2, '1/2 0016'],
    [20, 3, '1/2 0014'],
    [22, 5, '1/2 0016'],
    [18, 9, '1/2 0012'],
  ])('length %i of type %i is bad, and is the data', (length, type, expected) => {
    expect(verdict(header(length, type))).toBe(expected);
  });

  test.each([
    [29, 1],
    [23, 2],
    [4096, 2],
    [21, 3],
    [19, 4],
    [23, 5],
    [24, 5],
  ])('length %i of type %i is good', (length, type) => {
    expect(verdict(header(length, type))).toBe('good');
  });

  test.each([0, 6, 255])('type %i is 1/3, and is the data', (type) => {
    expect(verdict(header(19, type))).toBe(`1/3 ${type.toString(16).padStart(2, '0')}`);
  });

  test('with extended messages, all but OPEN and KEEPALIVE may be longer (RFC 8654 §4)', () => {
    expect(verdict(header(65535, 2), MAX_EXTENDED_MESSAGE_OCTETS)).toBe('good');
    expect(verdict(header(4097, 3), MAX_EXTENDED_MESSAGE_OCTETS)).toBe('good');
    expect(verdict(header(4097, 1), MAX_EXTENDED_MESSAGE_OCTETS)).toBe('1/2 1001');
    expect(verdict(header(20, 4), MAX_EXTENDED_MESSAGE_OCTETS)).toBe('1/2 0014');
  });
});

describe('message encoder', () => {
  test('KEEPALIVE is nineteen octets (RFC 4271 §4.4)', () => {
    expect(KEEPALIVE).toEqual(fromHex(`${MARKER}001304`));
  });

  test('a message beyond the maximum is a loud mistake', () => {
    expect(() => encodeMessage(2, new Uint8Array(4078))).toThrow(RangeError);
    expect(encodeMessage(2, new Uint8Array(4078), 65535)).toHaveLength(4097);
  });
});
