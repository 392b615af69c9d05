import {
  capabilityText,
  decodeCapability,
  encodeCapability,
} from '../../../bgp/packet/capabilities/registry.ts';
import { checkHeader, HEADER_OCTETS } from '../../../bgp/packet/header.ts';
import { decodeNotification, encodeNotification } from '../../../bgp/packet/notification-codec.ts';
import { notificationText } from '../../../bgp/packet/notification-text.ts';
import { decodeOpen, encodeOpen } from '../../../bgp/packet/open.ts';
import { decodeRouteRefresh } from '../../../bgp/packet/route-refresh.ts';
import fc from '../../support/property.ts';
import { OPEN_VECTORS } from '../../vectors/session-messages.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

describe('decoders on arbitrary octets', () => {
  test('a header is good or has a NOTIFICATION of code 1', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: HEADER_OCTETS, maxLength: 64 }), (input) => {
        expect(checkHeader(input, 0, 4096)?.code ?? 1).toBe(1);
      }),
    );
  });

  test('an OPEN is understood or refused with code 2, and what is understood can be encoded again', () => {
    fc.assert(
      fc.property(bytes(300), (input) => {
        const result = decodeOpen(input);
        if (!result.ok) expect(result.notification.code).toBe(2);
      }),
    );
  });

  test('an OPEN with random capabilities never throws, and survives a round trip', () => {
    const capability = fc.tuple(fc.integer({ min: 0, max: 255 }), bytes(20));
    fc.assert(
      fc.property(fc.array(capability, { maxLength: 10 }), (list) => {
        const capabilities = list.map(([code, value]) => decodeCapability(code, value));
        for (const one of capabilities) capabilityText(one);
        const open = { asn: 65000, holdTimeSec: 90, routerId: '10.0.0.1', capabilities };
        const again = decodeOpen(encodeOpen(open).subarray(HEADER_OCTETS));
        // a random four-octet AS capability may change the AS number, to 0 even
        if (again.ok) expect(again.open.capabilities).toEqual(capabilities);
        else expect(again.notification).toMatchObject({ code: 2, subcode: 2 });
      }),
    );
  });

  test('a captured OPEN with one octet changed never throws', () => {
    const vector = fc.constantFrom(...OPEN_VECTORS);
    fc.assert(
      fc.property(vector, fc.nat(), fc.integer({ min: 0, max: 255 }), ({ message }, at, octet) => {
        const body = message.slice(HEADER_OCTETS);
        body[at % body.length] = octet;
        decodeOpen(body);
        decodeOpen(body.subarray(0, at % body.length));
      }),
      { numRuns: 1000 },
    );
  });

  test('decode and encode of a capability are each other’s inverse', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), bytes(40), (code, value) => {
        const capability = decodeCapability(code, value);
        const encoded = encodeCapability(capability);
        expect(decodeCapability(code, encoded.subarray(2))).toEqual(capability);
      }),
    );
  });

  test('a NOTIFICATION survives unchanged and always has a text without control characters', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 300 }), (body) => {
        const notification = decodeNotification(body);
        expect(encodeNotification(notification).subarray(HEADER_OCTETS)).toEqual(body);
        expect(notificationText(notification)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  test('a ROUTE-REFRESH of any content gets an answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 23, maxLength: 40 }), fc.boolean(), (message, hasMarkers) => {
        const { kind } = decodeRouteRefresh(message, hasMarkers);
        expect(['request', 'begin', 'end', 'ignored', 'error']).toContain(kind);
      }),
    );
  });
});
