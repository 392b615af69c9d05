import { decodeAddress } from '../../felix-like/kernel/netlink/address-message.ts';
import { decodeError } from '../../felix-like/kernel/netlink/error-message.ts';
import { decodeLink } from '../../felix-like/kernel/netlink/link-message.ts';
import { MessageReader } from '../../felix-like/kernel/netlink/message-reader.ts';
import { decodeConnection, isNftablesChange } from '../../felix-like/kernel/netlink/netfilter-message.ts';
import { decodeParameters } from '../../felix-like/kernel/netlink/parameter-message.ts';
import { decodeRoute } from '../../felix-like/kernel/netlink/route-decode.ts';
import { decodeOutgoingLink } from '../../felix-like/kernel/netlink/route-query.ts';
import fc from '../support/property.ts';

const DECODERS: readonly ((message: MessageReader) => unknown)[] = [
  decodeRoute,
  decodeOutgoingLink,
  decodeLink,
  decodeAddress,
  decodeError,
  decodeParameters,
  (message) => decodeConnection(message, () => true),
  (message) => isNftablesChange(message, 'manul'),
];
/** Types by which decoders look at a message at all: a connection, and a rule of nftables. */
const TYPES = [0, 0x0100, 0x0a06];

/** Messages whose header is right, so that the decoders see the payload. */
const messages = fc
  .array(fc.tuple(fc.nat(0xffff), fc.uint8Array({ maxLength: 120 }), fc.constantFrom(...TYPES)), {
    maxLength: 4,
  })
  .map((list) =>
    Buffer.concat(
      list.map(([flags, payload, type]) => {
        const padded = (payload.length + 3) & ~3;
        const message = Buffer.alloc(16 + padded);
        message.writeUInt32LE(16 + payload.length, 0);
        message.writeUInt16LE(type, 4);
        message.writeUInt16LE(flags, 6);
        message.set(payload, 16);
        return message;
      }),
    ),
  );

describe('whatever bytes the kernel sends', () => {
  test('are read to the end without an exception', () => {
    fc.assert(
      fc.property(fc.oneof(messages, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        for (const decode of DECODERS) {
          const message = new MessageReader(bytes);
          let count = 0;
          while (message.next()) {
            decode(message);
            expect(++count).toBeLessThanOrEqual(bytes.length / 16);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
