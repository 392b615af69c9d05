import { SharedBuffers } from '../../../felix-like/kernel/shared-buffers.ts';

const LARGE = 64 << 10;

test('a buffer that was given back is used again, without what stood in it', () => {
  const buffers = new SharedBuffers();
  const first = buffers.take(LARGE);
  first.fill(7);
  buffers.giveBack(first);
  const second = buffers.take(LARGE - 1);
  expect(second).toBe(first);
  expect(second.subarray(0, LARGE - 1).every((octet) => octet === 0)).toBe(true);
});

test('two that are under way at a time are two', () => {
  const buffers = new SharedBuffers();
  expect(buffers.take(LARGE)).not.toBe(buffers.take(LARGE));
});

test('one that is too small is not taken', () => {
  const buffers = new SharedBuffers();
  buffers.giveBack(buffers.take(LARGE));
  expect(buffers.take(LARGE + 1)).toHaveLength(LARGE + 1);
});
