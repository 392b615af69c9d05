import { parseDurationSec } from '../../../config/schema/duration.ts';

describe('parseDurationSec', () => {
  test.each([
    ['90s', 90],
    ['1m30s', 90],
    ['1.5h', 5400],
    ['0', 0],
    ['0s', 0],
    ['1500ms', 1.5],
    ['2h45m10s', 9910],
    ['.5s', 0.5],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDurationSec(text)).toBeCloseTo(seconds, 9);
  });

  test.each(['', '90', '-1s', '1d', 's', '1m 30s', '1s2', '1,5s'])('refuses %j', (text) => {
    expect(parseDurationSec(text)).toBeNull();
  });
});
