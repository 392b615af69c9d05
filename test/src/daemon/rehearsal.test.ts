import { rehearse } from '../../../src/daemon/rehearsal.ts';

/** 500 and 2500 routes, each written, written anew and deleted. */
const ALL = 3 * (500 + 2500);
const TIMEOUT_MS = 60_000;

/** What a rehearsal waits for does not keep a process. */
async function staying<T>(work: () => Promise<T>): Promise<T> {
  const stay = setInterval(() => {}, 1000);
  try {
    return await work();
  } finally {
    clearInterval(stay);
  }
}

test(
  'every route of a rehearsal is taken from its UPDATE to the request that would write it, change it and delete it',
  async () => {
    expect(await staying(() => rehearse(() => 0))).toBe(ALL);
  },
  TIMEOUT_MS,
);

test(
  'a rehearsal ends when real routes come',
  async () => {
    let asked = 0;
    expect(await staying(() => rehearse(() => (++asked < 100 ? 5 : 500)))).toBeLessThan(ALL / 2);
    expect(asked).toBe(100);
  },
  TIMEOUT_MS,
);
