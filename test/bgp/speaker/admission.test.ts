import { Admission, NO_LIMITS } from '../../../bgp/speaker/admission.ts';
import { FakeClock } from './fake-clock.ts';

const BURST = 256;
let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock();
});

test('one source has a burst, then sixteen a second; others are not concerned', () => {
  const admission = new Admission(clock, NO_LIMITS);
  const admitted = (address: string, connects: number): number =>
    Array.from({ length: connects }, () => admission.refusal(address, false, 20)).filter(
      (one) => one === null,
    ).length;
  expect(admitted('10.0.0.1', 10_000)).toBe(BURST);
  expect(admission.refusal('10.0.0.1', false, 20)).toBe('rate');
  expect(admission.refusal('10.0.0.1', true, 20)).toBe('rate');
  expect(admitted('10.0.0.2', 10)).toBe(10);
  clock.advance(1_000);
  expect(admitted('10.0.0.1', 100)).toBe(16);
});

test('a cluster of sources may come at once, more than that only as fast as they can be served', () => {
  const admission = new Admission(clock, NO_LIMITS);
  const addresses = Array.from({ length: 20_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
  const admitted = addresses.filter((address) => admission.refusal(address, false, 20) === null).length;
  expect(admitted).toBe(16_384);
  expect(admission.refusal('10.2.0.1', true, 20)).toBeNull(); // a configured peer
});

test('the last descriptors are not given to strangers', () => {
  const admission = new Admission(clock, { ...NO_LIMITS, maxFileDescriptors: 1024 });
  expect(admission.refusal('10.0.0.1', false, 959)).toBeNull();
  expect(admission.refusal('10.0.0.1', false, 960)).toBe('no-descriptors');
});

test('sessions have a total', () => {
  const admission = new Admission(clock, { ...NO_LIMITS, maxSessions: 3 });
  expect([2, 3].map((sessions) => admission.hasRoom(sessions))).toEqual([true, false]);
});
