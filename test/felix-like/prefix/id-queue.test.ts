import { IdQueue } from '../../../felix-like/prefix/id-queue.ts';

test('ids come out in the order in which they went in, however many wait', () => {
  const queue = new IdQueue();
  let pushed = 0;
  let taken = 0;
  for (let round = 1; round < 200; round++) {
    for (let i = 0; i < round * 3; i++) queue.push(pushed++);
    for (let i = 0; i < round * 2; i++) expect(queue.shift()).toBe(taken++);
  }
  while (!queue.isEmpty) expect(queue.shift()).toBe(taken++);
  expect([taken, queue.shift()]).toEqual([pushed, -1]);
});
