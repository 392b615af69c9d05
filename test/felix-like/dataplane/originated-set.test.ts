import { OriginatedSet } from '../../../felix-like/dataplane/originated-set.ts';
import type { RouteState } from '../../../felix-like/routetable/route-table-view.ts';

const ALL = ['10.1.0.0/26', '10.2.0.0/26'];

describe('originated set', () => {
  let set: OriginatedSet;
  let told: (readonly string[])[];
  let states: Record<string, RouteState>;

  function update(changes: Record<string, RouteState>): readonly string[] {
    states = { ...states, ...changes };
    set.update(ALL, (prefix) => states[prefix] ?? 'none');
    return set.list();
  }

  beforeEach(() => {
    set = new OriginatedSet();
    told = [];
    states = {};
    set.listen((prefixes) => told.push(prefixes));
  });

  test('holds what is in the kernel, and tells changes once', () => {
    expect(update({ '10.1.0.0/26': 'pending' })).toEqual([]);
    expect(update({ '10.1.0.0/26': 'present' })).toEqual(['10.1.0.0/26']);
    update({});
    expect(update({ '10.2.0.0/26': 'present' })).toEqual(ALL);
    expect(told).toEqual([['10.1.0.0/26'], ALL]);
  });

  test('keeps what is being repaired', () => {
    update({ '10.1.0.0/26': 'present' });
    expect(update({ '10.1.0.0/26': 'pending' })).toEqual(['10.1.0.0/26']);
    expect(told).toHaveLength(1);
  });

  test.each(['refused', 'none'] as const)('drops what is %s', (state) => {
    update({ '10.1.0.0/26': 'present' });
    expect(update({ '10.1.0.0/26': state })).toEqual([]);
  });

  test('drops what is a candidate no longer', () => {
    update({ '10.1.0.0/26': 'present' });
    set.update([], () => 'present');
    expect(told).toEqual([['10.1.0.0/26'], []]);
  });
});
