import { LimitedLog } from '../../../bgp/speaker/limited-log.ts';
import { FakeClock } from './fake-clock.ts';

const lines: string[] = [];
const write = (message: string, fields: object = {}) =>
  void lines.push(`${message} ${JSON.stringify(fields)}`);
const logger = { debug: write, info: write, warn: write, error: write };
let clock: FakeClock;
let log: LimitedLog;

beforeEach(() => {
  lines.length = 0;
  clock = new FakeClock();
  log = new LimitedLog(logger, clock);
});

function refused(address: string, perMinute = 1): void {
  log.write({ level: 'info', message: 'refused', subject: { address }, fields: { reason: 'x' }, perMinute });
}

test('a subject has its lines, and at the end of the minute one line about the rest', () => {
  for (let i = 0; i < 10_000; i++) refused('10.0.0.1');
  refused('10.0.0.2');
  expect(lines).toEqual([
    'refused {"address":"10.0.0.1","reason":"x"}',
    'refused {"address":"10.0.0.2","reason":"x"}',
  ]);
  clock.advance(60_000);
  expect(lines.slice(2)).toEqual(['refused: more in the last minute {"address":"10.0.0.1","more":9999}']);
});

test('in the next minute there is a line again', () => {
  refused('10.0.0.1');
  clock.advance(60_000);
  refused('10.0.0.1');
  expect(lines).toHaveLength(2);
});

test('another number of lines, another message', () => {
  for (let i = 0; i < 5; i++) refused('10.0.0.1', 3);
  log.write({ level: 'warn', message: 'bad UPDATE', subject: { peer: '10.0.0.1' }, perMinute: 1 });
  expect(lines).toHaveLength(4);
});

test('ten thousand subjects share one budget beyond the first four thousand', () => {
  for (let i = 0; i < 10_000; i++) refused(`10.0.${i >> 8}.${i & 255}`);
  expect(lines).toHaveLength(4_097);
  clock.advance(60_000);
  expect(lines.at(-1)).toBe('refused: more in the last minute {"more":5903}');
});

test('nothing is left running when it is closed, or when there is nothing to say', () => {
  refused('10.0.0.1');
  log.close();
  expect(clock.timers).toBe(0);
  refused('10.0.0.1');
  clock.advance(60_000);
  expect(clock.timers).toBe(0);
});
