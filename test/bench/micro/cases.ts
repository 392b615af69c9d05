/** The stages of the hot path, one at a time. */

import { emptyColumns } from '../../../bgp/packet/attributes/attribute-columns.ts';
import { UpdateReader } from '../../../bgp/packet/update/update-reader.ts';
import { AttributeStore } from '../../../bgp/path/attribute-store.ts';
import type { PolicyConfig } from '../../../bgp/policy/policy-config.ts';
import { announcements, PREFIXES, Reflector, SETS, type Updates, withdrawals } from './workload.ts';

export interface MicroCase {
  readonly name: string;
  /** What one operation is. */
  readonly unit: 'UPDATE' | 'set' | 'route';
  readonly operations: number;
  /** Prepares a run and returns the work to be timed. */
  prepare(): () => void;
}

const FIRST = 1;
const RECEIVER = 200;

const first: Updates = announcements(FIRST);
const withdrawn: Updates = withdrawals();

const CONTEXT = {
  families: new Set(['ipv4'] as const),
  addPathReceive: new Set<never>(),
  extendedNextHop: false,
};

/** As a BGPFilter with one rule that matches no route, and accept at its end. */
const ONE_FILTER: PolicyConfig = {
  name: 'one-filter',
  terms: [
    {
      name: 'pods/0',
      match: { prefixes: [{ prefix: '10.0.0.0/8', minLength: 26, maxLength: 32 }] },
      action: 'reject',
    },
  ],
  otherwise: 'accept',
};

function decode(): () => void {
  const reader = new UpdateReader();
  return () => {
    for (let i = 0; i < first.starts.length; i++) {
      reader.readBody(first.bytes, first.starts[i]!, first.ends[i]!, CONTEXT);
      reader.readAttributes(first.bytes, CONTEXT);
    }
  };
}

function intern(): () => void {
  const reader = new UpdateReader();
  const store = new AttributeStore(1);
  const columns = emptyColumns();
  return () => {
    for (let i = 0; i < first.starts.length; i++) {
      reader.readBody(first.bytes, first.starts[i]!, first.ends[i]!, CONTEXT);
      const { attributesAt, attributesEnd } = reader;
      if (store.find(first.bytes, attributesAt, attributesEnd) < 0)
        store.insert(first.bytes, attributesAt, attributesEnd, columns);
    }
  };
}

function insert(): () => void {
  const reflector = new Reflector();
  reflector.up(FIRST);
  return () => reflector.receive(FIRST, first);
}

/** Every prefix has `count` paths; those that came last are the best. */
const paths = [2, 3, 4].map((sender) => announcements(sender, 100 + sender));

function decide(): () => void {
  const reflector = new Reflector();
  for (const i of paths.keys()) reflector.up(i + 2);
  for (const [i, updates] of paths.entries()) reflector.receive(i + 2, updates);
  return () => {
    reflector.work();
    expectPrefixes(reflector, PREFIXES);
  };
}

/** @param receivers each gets all routes, as one update group */
function pack(policy?: PolicyConfig, receivers = 1): () => void {
  const reflector = new Reflector();
  reflector.up(FIRST);
  for (let i = 0; i < receivers; i++) reflector.up(RECEIVER + i, policy);
  reflector.receive(FIRST, first);
  return () => {
    const before = reflector.sink.octets;
    reflector.work();
    if (reflector.sink.octets - before < PREFIXES * 4 * receivers) throw new Error('not everything was sent');
  };
}

function withdraw(): () => void {
  const reflector = new Reflector();
  reflector.up(FIRST);
  reflector.up(RECEIVER);
  reflector.receive(FIRST, first);
  reflector.work();
  return () => {
    reflector.receive(FIRST, withdrawn);
    reflector.work();
    expectPrefixes(reflector, 0);
  };
}

function expectPrefixes(reflector: Reflector, count: number): void {
  if (reflector.prefixes !== count) throw new Error(`${reflector.prefixes} prefixes instead of ${count}`);
}

export const CASES: readonly MicroCase[] = [
  { name: 'decode', unit: 'UPDATE', operations: SETS, prepare: decode },
  { name: 'intern', unit: 'set', operations: SETS, prepare: intern },
  { name: 'insert', unit: 'route', operations: PREFIXES, prepare: insert },
  { name: 'decide', unit: 'route', operations: PREFIXES, prepare: decide },
  { name: 'pack', unit: 'route', operations: PREFIXES, prepare: () => pack() },
  { name: 'pack-filter', unit: 'route', operations: PREFIXES, prepare: () => pack(ONE_FILTER) },
  { name: 'pack-50', unit: 'route', operations: PREFIXES, prepare: () => pack(undefined, 50) },
  { name: 'withdraw', unit: 'route', operations: PREFIXES, prepare: withdraw },
];
