import { ListenRanges } from '../../../bgp/speaker/listen-ranges.ts';
import { rangeConfig } from './speaker-under-test.ts';

describe('listen ranges', () => {
  const ranges = new ListenRanges([
    rangeConfig({ name: 'all', listenRanges: ['0.0.0.0/0', '::/0'] }),
    rangeConfig({ name: 'rack', listenRanges: ['10.0.0.0/8', 'fd00::/16'] }),
    rangeConfig({ name: 'shelf', listenRanges: ['10.1.0.0/16'] }),
    rangeConfig({ name: 'later', listenRanges: ['10.0.0.0/8'] }),
  ]);

  test.each([
    ['10.1.2.3', 'shelf'],
    ['10.2.2.3', 'rack'],
    ['192.0.2.1', 'all'],
    ['fd00::1', 'rack'],
    ['2001:db8::1', 'all'],
  ])('of all ranges that hold %s the longest wins: %s', (address, name) => {
    expect(ranges.find(address)?.name).toBe(name);
  });

  test('outside every range there is nobody', () => {
    const narrow = new ListenRanges([rangeConfig({ listenRanges: ['10.0.0.0/8'] })]);
    expect(narrow.find('11.0.0.1')).toBeNull();
    expect(narrow.find('fd00::1')).toBeNull();
    expect(narrow.find('no address')).toBeNull();
  });
});
