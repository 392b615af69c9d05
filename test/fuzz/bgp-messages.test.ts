/** A short run of the fuzzer (`npm run fuzz` for a long one): RFC 4271 §6, RFC 7606 and the rules of each attribute. */
import { descriptorByCode } from '../../bgp/packet/attributes/registry.ts';
import { type FuzzResult, runFuzz } from './bgp/run-fuzz.ts';
import { SESSION_KINDS } from './bgp/session-kind.ts';

describe('twenty thousand messages by grammar and mutation', () => {
  let result: FuzzResult;
  let texts: string;

  beforeAll(() => {
    result = runFuzz({ cases: 20_000, seed: 7 });
    texts = [...result.outcomes].join('\n');
  }, 120_000);

  test('each outcome is the one that the RFCs ask for, and nothing is left behind', () => {
    expect(result.updates).toBeGreaterThan(15_000);
  });

  test('UPDATEs were kept, treated as withdrawals and answered with a reset on sessions of every kind', () => {
    for (const { name } of SESSION_KINDS) {
      for (const action of ['keep', 'withdraw', 'reset']) expect(texts).toContain(`${name} ${action}`);
    }
  });

  test('every attribute whose value can be malformed was', () => {
    const names = descriptorByCode.flatMap((descriptor) => descriptor?.name ?? []);
    const discardedAlone = ['ATOMIC_AGGREGATE', 'AGGREGATOR'];
    for (const name of names.filter((one) => !discardedAlone.includes(one)))
      expect(texts).toContain(`${name} `);
    expect(texts).toContain('a malformed attribute was discarded');
  });

  test('all other messages were good, and bad in every way', () => {
    const headers = ['1/1', '1/2', '1/3'];
    const opens = ['2/0', '2/1', '2/2', '2/3', '2/4', '2/6', 'ipv4,ipv6'].map((outcome) => `open ${outcome}`);
    const refreshes = ['request', 'begin', 'end', 'ignored', 'error'];
    const expected = [...headers, ...opens, ...refreshes, 'notification 6'];
    for (const outcome of expected) expect(texts).toContain(outcome);
  });
});
