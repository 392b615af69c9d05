import { DeltaTracker, type Slot } from '../../../felix-like/routetable/delta-tracker.ts';
import fc from '../../support/property.ts';

function newTracker(): DeltaTracker<string, number> {
  const newSlot = (key: string): Slot<string, number> => ({
    key,
    desired: null,
    actual: null,
    pending: 'nothing',
  });
  return new DeltaTracker((a, b) => a === b, newSlot);
}

function keys(slots: Iterable<Slot<string, number>>): string[] {
  return [...slots].map(({ key }) => key).sort();
}

type Step = {
  readonly what: 'desired' | 'actual' | 'release';
  readonly key: string;
  readonly value: number | null;
};

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('desired', 'actual', 'release'),
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    value: fc.option(fc.integer({ min: 1, max: 3 })),
  }) as fc.Arbitrary<Step>,
  { maxLength: 60 },
);

function play(tracker: DeltaTracker<string, number>, sequence: readonly Step[]): void {
  for (const { what, key, value } of sequence) {
    const slot = tracker.slot(key);
    if (what === 'desired') tracker.setDesired(slot, value);
    else if (what === 'actual') tracker.setActual(slot, value);
    else tracker.release(slot);
  }
}

/** What the last steps say, kept in the simplest way. */
function lastValues(sequence: readonly Step[], what: Step['what']): Map<string, number> {
  const values = new Map<string, number>();
  for (const step of sequence) {
    if (step.what !== what) continue;
    if (step.value === null) values.delete(step.key);
    else values.set(step.key, step.value);
  }
  return values;
}

describe('delta tracker', () => {
  test('what is desired and not there is to be written', () => {
    const tracker = newTracker();
    tracker.setDesired(tracker.slot('a'), 1);
    expect(keys(tracker.pendingUpdates())).toEqual(['a']);
    tracker.setActual(tracker.slot('a'), 1);
    expect(keys(tracker.pendingUpdates())).toEqual([]);
  });

  test('what is there otherwise than desired is to be written', () => {
    const tracker = newTracker();
    tracker.setActual(tracker.slot('a'), 1);
    tracker.setDesired(tracker.slot('a'), 2);
    expect(keys(tracker.pendingUpdates())).toEqual(['a']);
    expect(keys(tracker.pendingDeletions())).toEqual([]);
  });

  test('what is there and not desired is to be deleted', () => {
    const tracker = newTracker();
    tracker.setActual(tracker.slot('a'), 1);
    expect(keys(tracker.pendingDeletions())).toEqual(['a']);
  });

  test('a slot in which something is cannot be released', () => {
    const tracker = newTracker();
    tracker.setActual(tracker.slot('a'), 1);
    tracker.release(tracker.slot('a'));
    expect(tracker.find('a')?.actual).toBe(1);
    tracker.setActual(tracker.slot('a'), null);
    tracker.release(tracker.slot('a'));
    expect(tracker.find('a')).toBeNull();
  });

  test('an equal value is shared, not kept twice', () => {
    const newSlot = (key: string): Slot<string, { n: number }> => ({
      key,
      desired: null,
      actual: null,
      pending: 'nothing',
    });
    const tracker = new DeltaTracker<string, { n: number }>((a, b) => a.n === b.n, newSlot);
    const desired = { n: 1 };
    tracker.setDesired(tracker.slot('a'), desired);
    tracker.setActual(tracker.slot('a'), { n: 1 });
    expect(tracker.find('a')?.actual).toBe(desired);
  });

  test('after any sequence the difference is that of the last values', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const tracker = newTracker();
        play(tracker, sequence);
        const desired = lastValues(sequence, 'desired');
        const actual = lastValues(sequence, 'actual');
        const updates = [...desired].filter(([key, value]) => actual.get(key) !== value).map(([key]) => key);
        const deletions = [...actual.keys()].filter((key) => !desired.has(key));
        expect(keys(tracker.pendingUpdates())).toEqual(updates.sort());
        expect(keys(tracker.pendingDeletions())).toEqual(deletions.sort());
        expect(tracker.pendingUpdateCount).toBe(updates.length);
        expect(tracker.pendingDeletionCount).toBe(deletions.length);
        expect([tracker.desiredCount, tracker.actualCount]).toEqual([desired.size, actual.size]);
      }),
    );
  });

  test('carrying out what is pending leaves nothing pending', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const tracker = newTracker();
        play(tracker, sequence);
        for (const slot of [...tracker.pendingUpdates()]) tracker.setActual(slot, slot.desired);
        for (const slot of [...tracker.pendingDeletions()]) tracker.setActual(slot, null);
        expect([tracker.pendingUpdateCount, tracker.pendingDeletionCount]).toEqual([0, 0]);
        expect(tracker.actualCount).toBe(tracker.desiredCount);
      }),
    );
  });

  test('the order of keys does not matter', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const [forwards, backwards] = [newTracker(), newTracker()];
        play(forwards, sequence);
        const byKey = Object.values(Object.groupBy(sequence, ({ key }) => key)).reverse();
        for (const own of byKey) play(backwards, own ?? []);
        expect(keys(backwards.pendingUpdates())).toEqual(keys(forwards.pendingUpdates()));
        expect(keys(backwards.pendingDeletions())).toEqual(keys(forwards.pendingDeletions()));
      }),
    );
  });
});
