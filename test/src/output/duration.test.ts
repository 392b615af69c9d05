import { formatDuration } from '../../../src/output/duration.ts';

test.each([
  [0, '0s'],
  [59.9, '59s'],
  [61, '1m01s'],
  [3700, '1h01m'],
  [90_000, '1d1h'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
