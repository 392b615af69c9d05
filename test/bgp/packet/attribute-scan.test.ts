import { AttributeScan } from '../../../bgp/packet/attributes/attribute-scan.ts';
import { encodeEndOfRib } from '../../../bgp/packet/update/update-writer.ts';
import { attribute, communities, med, origin } from '../../harness/bgp/attributes.ts';
import { fromHex, MARKER } from '../../vectors/session-messages.ts';

function scanned(attributes: readonly Buffer[], scan = new AttributeScan()): AttributeScan {
  const field = Buffer.concat([Buffer.from('xx'), ...attributes]);
  scan.scan(field, 2, field.length);
  return scan;
}

describe('AttributeScan', () => {
  test('lists the attributes in ascending order of type, wherever they stand', () => {
    const scan = scanned([communities([1]), med(5), origin(0), attribute(0xc0, 255, Buffer.alloc(0))]);
    expect([...scan.codes.subarray(0, scan.count)]).toEqual([1, 4, 8, 255]);
    expect([scan.malformed, scan.reset]).toEqual([null, null]);
  });

  test('finds values and whole attributes, in both forms of the length', () => {
    const long = attribute(0xd0, 8, Buffer.alloc(4, 7));
    const scan = scanned([origin(2), long]);
    expect([scan.valueAt[1], scan.valueLength[1]]).toEqual([2 + 3, 1]);
    expect(scan.extent(1)).toEqual({ start: 2, end: 6 });
    expect([scan.valueAt[8], scan.valueLength[8]]).toEqual([6 + 4, 4]);
    expect(scan.extent(8)).toEqual({ start: 6, end: 6 + long.length });
  });

  test('forgets the attributes of the scan before', () => {
    const scan = scanned([origin(0), med(1)]);
    scanned([origin(0)], scan);
    expect([scan.has(1), scan.has(4), scan.count]).toEqual([true, false, 1]);
    scanned([], scan);
    expect([scan.has(1), scan.count]).toEqual([false, 0]);
  });

  test.each([0xffff_fffd, 0xffff_fffe, 0xffff_ffff])(
    'goes on beyond four billion scans, begun at %i',
    (before) => {
      const scan = new AttributeScan(before);
      for (let i = 0; i < 4; i++) {
        scanned([origin(0), ...(i % 2 === 0 ? [med(1)] : [])], scan);
        expect([scan.has(1), scan.has(4), scan.has(8), scan.count]).toEqual([
          true,
          i % 2 === 0,
          false,
          2 - (i % 2),
        ]);
      }
    },
  );
});

describe('End-of-RIB (RFC 4724 §2)', () => {
  test('is what BIRD 2.0.12 and OpenBGPD 7.7 send', () => {
    expect(encodeEndOfRib('ipv4')).toEqual(fromHex(`${MARKER} 0017 02 0000 0000`));
    expect(encodeEndOfRib('ipv6')).toEqual(fromHex(`${MARKER} 001d 02 0000 0006 800f03000201`));
  });
});
