import { ResyncPlan } from '../../../felix-like/dataplane/resync-plan.ts';

describe('resync plan', () => {
  test('begins with everything', () => {
    const plan = new ResyncPlan();
    expect([plan.isDue, plan.take(), plan.isDue]).toEqual([true, [null], false]);
  });

  test('gathers links, each once', () => {
    const plan = new ResyncPlan();
    plan.take();
    plan.requestInterfaces([3, 5]);
    plan.requestInterfaces([3]);
    expect([plan.take(), plan.isDue]).toEqual([[3, 5], false]);
  });

  test('reads everything instead of many links', () => {
    const plan = new ResyncPlan();
    plan.take();
    plan.requestInterfaces(Array.from({ length: 20 }, (_, i) => i));
    expect(plan.take()).toEqual([null]);
  });

  test('everything includes the links', () => {
    const plan = new ResyncPlan();
    plan.requestInterfaces([3]);
    expect([plan.take(), plan.isDue]).toEqual([[null], false]);
  });
});
