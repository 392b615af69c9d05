import { SegmentMemory } from '../../../bgp/path/segment-memory.ts';
import fc from '../../support/property.ts';

const words = fc.integer({ min: 4, max: 20 }).map((bits) => 1 << bits);

describe('SegmentMemory', () => {
  it('gives out zeroed segments that never overlap, whatever is given back in between', () => {
    const step = fc.oneof(fc.record({ take: words }), fc.record({ giveBack: fc.nat({ max: 50 }) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = new SegmentMemory();
        const held: { segment: Int32Array; mark: number }[] = [];
        let mark = 0;
        for (const next of steps) {
          if ('take' in next) {
            const segment = memory.take(next.take);
            expect(segment.length).toBe(next.take);
            expect(segment.every((word) => word === 0)).toBe(true);
            segment.fill(++mark);
            held.push({ segment, mark });
          } else if (held.length > 0) {
            const [given] = held.splice(next.giveBack % held.length, 1);
            memory.give(given!.segment);
          }
          for (const { segment, mark: own } of held) expect(segment.every((word) => word === own)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('makes room for larger segments of outgrown neighbours', () => {
    const memory = new SegmentMemory();
    let segments = Array.from({ length: 256 }, () => memory.take(16));
    for (let size = 32; size <= 1 << 13; size *= 2) {
      segments = segments.map((old) => {
        const grown = memory.take(size);
        memory.give(old);
        return grown;
      });
    }
    const blocks = new Set(segments.map((segment) => segment.buffer));
    const bytes = [...blocks].reduce((sum, block) => sum + block.byteLength, 0);
    const needed = 256 * 4 * (1 << 13);
    expect(bytes).toBeLessThan(needed * 1.5);
  });
});
