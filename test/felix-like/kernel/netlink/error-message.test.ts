import { decodeError } from '../../../../felix-like/kernel/netlink/error-message.ts';
import { MessageReader } from '../../../../felix-like/kernel/netlink/message-reader.ts';
import { bytesOf } from '../../support/hex.ts';

function decode(hex: string): ReturnType<typeof decodeError> {
  const message = new MessageReader(bytesOf(hex));
  expect(message.next()).toBe(true);
  return decodeError(message);
}

describe('errors, as sent by Linux 6.18', () => {
  test("a refusal with the kernel's own sentence", () => {
    const hex =
      '440000000200000305000000642e0000 9bffffff 44000000180005060500000000000000 200001004e657874686f702068617320696e76616c6964206761746577617900';
    expect(decode(hex)).toEqual({ errno: 101, text: 'Nexthop has invalid gateway' });
  });

  test('a refusal without a word', () => {
    const hex = '240000000200000106000000642e0000 fdffffff 34000000190005000600000000000000';
    expect(decode(hex)).toEqual({ errno: 3, text: null });
  });

  test('an acknowledgement', () => {
    const hex = '240000000200000106000000642e0000 00000000 34000000190005000600000000000000';
    expect(decode(hex)).toEqual({ errno: 0, text: null });
  });

  test('a refusal that repeats the whole request: the sentence comes behind it', () => {
    const request = '1c000000180005060500000000000000 021a0000 00500001 00000000';
    const hex = `3c0000000200000205000000642e0000 eaffffff ${request} 0c00010062616420746f6f00`;
    expect(decode(hex)).toEqual({ errno: 22, text: 'bad too' });
  });

  test('a repeated request of impossible length: there is no sentence (found by fuzzing)', () => {
    expect(decode('18000000 0000 0032 00000000 00000000 00000001 00000080')).toEqual({
      errno: 16777216,
      text: null,
    });
  });
});
