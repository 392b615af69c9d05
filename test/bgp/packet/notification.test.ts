import { HEADER_OCTETS } from '../../../bgp/packet/header.ts';
import {
  cease,
  fsmError,
  headerError,
  holdTimerExpired,
  openError,
  received,
  routeRefreshError,
  updateError,
} from '../../../bgp/packet/notification.ts';
import { decodeNotification, encodeNotification } from '../../../bgp/packet/notification-codec.ts';
import { notificationName, notificationText, shutdownText } from '../../../bgp/packet/notification-text.ts';
import { fromHex, MARKER, NOTIFICATION_VECTORS } from '../../vectors/session-messages.ts';

describe('NOTIFICATION of other implementations', () => {
  test.each(NOTIFICATION_VECTORS)('is understood: $provenance', ({ message, code, subcode, text }) => {
    const notification = decodeNotification(message.subarray(HEADER_OCTETS));
    expect(notification).toMatchObject({ code, subcode });
    expect(notificationText(notification)).toBe(text);
    expect(encodeNotification(notification)).toEqual(message);
  });

  test('ours with the same text has the same bytes', () => {
    expect(encodeNotification(cease.administrativeShutdown('rack 7: maintenance'))).toEqual(
      NOTIFICATION_VECTORS[0]!.message,
    );
  });
});

describe('NOTIFICATION encoder', () => {
  test.each([
    ['connection not synchronized', headerError.connectionNotSynchronized(), '01 01'],
    ['bad message length with that length', headerError.badMessageLength(4097), '01 02 1001'],
    ['bad message type with that type', headerError.badMessageType(9), '01 03 09'],
    ['unsupported version with ours', openError.unsupportedVersion(), '02 01 0004'],
    ['missing attribute with its type', updateError.missingWellKnownAttribute(3), '03 03 03'],
    ['hold timer expired', holdTimerExpired(), '04 00'],
    ['an unexpected message with its type (RFC 6608 §4)', fsmError.unexpectedInOpenSent(4), '05 01 04'],
    [
      'maximum prefixes with family and limit (RFC 4486 §4)',
      cease.maximumPrefixes(2, 1, 10000),
      '06 01 0002 01 00002710',
    ],
    ['an empty shutdown communication is no data', cease.administrativeReset(), '06 04'],
    [
      'a wrong ROUTE-REFRESH with the message (RFC 7313 §5)',
      routeRefreshError.invalidMessageLength(fromHex('0102')),
      '07 01 0102',
    ],
  ])('%s', (_what, notification, bytes) => {
    const body = fromHex(bytes);
    const length = (19 + body.length).toString(16).padStart(4, '0');
    expect(encodeNotification(notification)).toEqual(fromHex(`${MARKER}${length}03${bytes}`));
  });

  test('data that does not fit into 4096 octets is cut', () => {
    expect(encodeNotification(updateError.optionalAttribute(new Uint8Array(5000)))).toHaveLength(4096);
  });

  test('a shutdown communication is cut at 255 octets, between two characters (RFC 9003 §2)', () => {
    const { data } = cease.administrativeShutdown('ü'.repeat(200));
    expect(data[0]).toBe(254);
    expect(data).toHaveLength(255);
  });
});

describe('text of a NOTIFICATION', () => {
  test('control characters of a shutdown communication are shown as escapes', () => {
    const text = new TextEncoder().encode('a\u001b[31mb\nc\u202ed');
    const notification = received(6, 2, Uint8Array.of(text.length, ...text));
    expect(shutdownText(notification)).toBe('a\\x1b[31mb\\x0ac\\u{202e}d');
  });

  test('malformed UTF-8 and a length beyond the data harm nobody', () => {
    expect(shutdownText(received(6, 4, Uint8Array.of(200, 0x41, 0xff, 0xc3)))).toBe('A\ufffd\ufffd');
    expect(shutdownText(received(6, 2, new Uint8Array(0)))).toBe('');
  });

  test('unknown codes stay readable', () => {
    expect(notificationName(99, 7)).toBe('error 99 subcode 7');
    expect(notificationName(6, 99)).toBe('Cease: subcode 99');
    expect(notificationText(received(99, 7, fromHex('0102')))).toBe('error 99 subcode 7: data 0102');
  });

  test('known data is shown in words', () => {
    expect(notificationText(headerError.badMessageLength(18))).toBe(
      'Message Header Error: Bad Message Length: length 18',
    );
    expect(notificationText(fsmError.unexpectedInOpenConfirm(2))).toBe(
      'Finite State Machine Error: Unexpected Message in OpenConfirm State: UPDATE',
    );
  });

  test('a Hard Reset is shown with what it holds, and its shutdown communication (RFC 8538 §3)', () => {
    const hardReset = received(6, 9, fromHex('0602 02 6869'));
    expect(notificationText(hardReset)).toBe('Cease: Hard Reset: Cease: Administrative Shutdown: hi');
    expect(shutdownText(hardReset)).toBe('hi');
    expect(notificationText(received(6, 9, fromHex('0609 0609')))).toBe('Cease: Hard Reset: data 06090609');
    expect(notificationText(received(6, 9, fromHex('06')))).toBe('Cease: Hard Reset: data 06');
  });

  test('the limit of a maximum of prefixes is shown with its family (RFC 4486 §4)', () => {
    expect(notificationText(cease.maximumPrefixes(2, 1, 70_000))).toBe(
      'Cease: Maximum Number of Prefixes Reached: ipv6, at most 70000',
    );
  });

  test('a received NOTIFICATION keeps its own copy of the data', () => {
    const bytes = Uint8Array.of(6, 2, 1, 0x41);
    const notification = decodeNotification(bytes);
    bytes.fill(0);
    expect(shutdownText(notification)).toBe('A');
  });
});
