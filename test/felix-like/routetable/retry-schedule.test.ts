import { RetrySchedule } from '../../../felix-like/routetable/retry-schedule.ts';

describe('retry schedule', () => {
  test('the delay doubles with each refusal, up to half a minute', () => {
    const schedule = new RetrySchedule<string>();
    const delays: number[] = [];
    for (let i = 0; i < 10; i++) {
      schedule.onRefused('a', 'no', 1000);
      delays.push(schedule.nextMs()! - 1000);
    }
    expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('what is due is named, what is not waits', () => {
    const schedule = new RetrySchedule<string>();
    schedule.onRefused('a', 'no', 0);
    schedule.onRefused('b', 'no', 100);
    expect(schedule.due(250)).toEqual(['a']);
    expect([schedule.isWaiting('a', 250), schedule.isWaiting('b', 250)]).toEqual([false, true]);
  });

  test('hurrying makes everything due, and keeps the reason and the pace', () => {
    const schedule = new RetrySchedule<string>();
    schedule.onRefused('a', 'the table is full', 0);
    schedule.onRefused('a', 'the table is full', 0);
    schedule.hurry(10);
    expect(schedule.due(10)).toEqual(['a']);
    expect(schedule.error('a')).toBe('the table is full');
    schedule.onRefused('a', 'the table is full', 10);
    expect(schedule.nextMs()).toBe(1010);
  });

  test('what succeeded is forgotten', () => {
    const schedule = new RetrySchedule<string>();
    schedule.onRefused('a', 'no', 0);
    schedule.clear('a');
    expect([schedule.nextMs(), schedule.error('a')]).toEqual([null, null]);
    schedule.onRefused('a', 'no', 0);
    expect(schedule.nextMs()).toBe(250);
  });
});
