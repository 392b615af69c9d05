/** Best routes for the agent and for live streams: replay, then changes, each as it is (RibView.subscribeBestRoutes). */

import type { Family } from '../../../bgp/net/index.ts';
import type { BestRouteSink } from '../../../bgp/rib/rib-view.ts';
import type { BestRouteChange, BestRouteColumns } from '../../../bgp/speaker/speaker-status.ts';
import { asPath, attribute, Flag, localPref, origin } from '../../harness/bgp/attributes.ts';
import { announcement, encodeUpdate, withdrawal } from '../../harness/bgp/encode.ts';
import { addressBytes, encodePrefix } from '../../harness/bgp/prefix-text.ts';
import fc from '../../support/property.ts';
import { RibFixture } from './rib-fixture.ts';

/** Keeps what it is told, and the table that results. */
class RecordingSink implements BestRouteSink {
  readonly changes: BestRouteChange[] = [];
  readonly replayed: Family[] = [];
  readonly table = new Map<string, string>();

  onBestRoutes(changes: readonly BestRouteChange[]): void {
    for (const { prefix, nextHop, peer } of changes) {
      if (nextHop === null) this.table.delete(prefix);
      else this.table.set(prefix, `${nextHop} ${peer}`);
    }
    this.changes.push(...changes);
  }

  onReplayed(family: Family): void {
    this.replayed.push(family);
  }

  /** What came since the last call. */
  take(): BestRouteChange[] {
    return this.changes.splice(0);
  }
}

const BOTH = { families: ['ipv4', 'ipv6'] } as const;
const route = (nextHop: string) => ({ nextHop });
const originated = (...prefixes: string[]) =>
  prefixes.map((prefix) => ({ prefix, localPref: 100, communities: [] }));

function subscribed(fixture: RibFixture, replay: boolean) {
  const sink = new RecordingSink();
  const unsubscribe = fixture.rib.subscribeBestRoutes(sink, { replay });
  fixture.settle();
  return { sink, unsubscribe };
}

const change = (prefix: string, nextHop: string | null, peer: string | null): BestRouteChange => ({
  family: prefix.includes(':') ? 'ipv6' : 'ipv4',
  prefix,
  nextHop,
  peer,
});

test('a replay tells every best route that was learnt, then that it is over, once for each family', () => {
  const fixture = new RibFixture();
  const source = fixture.up(1, BOTH);
  fixture.rib.setOriginated(originated('10.9.0.0/16'));
  fixture.receive(
    source,
    announcement(['10.1.0.0/16', '10.2.0.0/16'], route('192.0.2.1')),
    announcement(['2001:db8::/32'], route('2001:db8::1')),
  );
  const { sink } = subscribed(fixture, true);
  expect(sink.take()).toEqual([
    change('10.1.0.0/16', '192.0.2.1', 'peer-1'),
    change('10.2.0.0/16', '192.0.2.1', 'peer-1'),
    change('2001:db8::/32', '2001:db8::1', 'peer-1'),
  ]);
  expect(sink.replayed.toSorted()).toEqual(['ipv4', 'ipv6']);
  fixture.receive(source, announcement(['10.3.0.0/16'], route('192.0.2.1')));
  expect(sink.replayed).toHaveLength(2);
});

test('a sink with columns is told the same as numbers, each set of next hops once', () => {
  const fixture = new RibFixture();
  const source = fixture.up(1, BOTH);
  const told: BestRouteColumns[] = [];
  const texts = jest.fn();
  const onBestRouteColumns = (columns: BestRouteColumns): unknown => told.push(columns);
  const sink = { onBestRoutes: texts, onBestRouteColumns, onReplayed: () => undefined };
  fixture.rib.subscribeBestRoutes(sink, { replay: true });
  fixture.settle();
  fixture.receive(
    source,
    announcement(['10.1.0.0/16'], route('192.0.2.1')),
    announcement(['10.2.0.0/16'], route('192.0.2.2')),
    announcement(['192.0.2.0/24'], route('192.0.2.1')),
    announcement(['2001:db8::/32'], route('2001:db8::1')),
  );
  fixture.settle();
  fixture.receive(source, withdrawal(['10.2.0.0/16']));
  fixture.settle();
  const lines = told.flatMap(({ family, count, words, lengths, ways, nextHops }) => {
    const each = family === 'ipv4' ? 1 : 4;
    return Array.from({ length: count }, (_, i) => {
      const hex = [...words.subarray(i * each, (i + 1) * each)].map((word) => (word >>> 0).toString(16));
      return `${hex.join(' ')} /${lengths[i]} ${nextHops[ways[i]!]?.join(' ') ?? 'gone'}`;
    });
  });
  expect(lines).toEqual([
    'a010000 /16 192.0.2.1',
    'a020000 /16 192.0.2.2',
    'c0000200 /24 192.0.2.1',
    '20010db8 0 0 0 /32 2001:db8::1',
    'a020000 /16 gone',
  ]);
  expect(told.every(({ nextHops }) => new Set(nextHops.map(String)).size === nextHops.length)).toBe(true);
  expect(texts).not.toHaveBeenCalled();
});

test('an empty table is replayed at once', () => {
  const { sink } = subscribed(new RibFixture(), true);
  expect(sink.take()).toEqual([]);
  expect(sink.replayed.toSorted()).toEqual(['ipv4', 'ipv6']);
});

test('without a replay only what changes is told, and no end of a replay', () => {
  const fixture = new RibFixture();
  const source = fixture.up(1);
  fixture.receive(source, announcement(['10.1.0.0/16', '10.2.0.0/16'], route('192.0.2.1')));
  const { sink } = subscribed(fixture, false);
  expect([sink.take(), sink.replayed]).toEqual([[], []]);
  fixture.receive(source, announcement(['10.2.0.0/16'], route('192.0.2.9')), withdrawal(['10.1.0.0/16']));
  expect(sink.take()).toEqual([
    change('10.2.0.0/16', '192.0.2.9', 'peer-1'),
    change('10.1.0.0/16', null, null),
  ]);
  expect(sink.replayed).toEqual([]);
});

describe('changes', () => {
  test('of the next hop, of the peer, and the end of a route', () => {
    const fixture = new RibFixture();
    const first = fixture.up(1);
    const second = fixture.up(2);
    const { sink } = subscribed(fixture, true);
    fixture.receive(first, announcement(['10.1.0.0/16'], route('192.0.2.1')));
    expect(sink.take()).toEqual([change('10.1.0.0/16', '192.0.2.1', 'peer-1')]);
    fixture.receive(second, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.2', localPref: 200 }));
    expect(sink.take()).toEqual([change('10.1.0.0/16', '192.0.2.2', 'peer-2')]);
    fixture.down(second);
    expect(sink.take()).toEqual([change('10.1.0.0/16', '192.0.2.1', 'peer-1')]);
    fixture.receive(first, withdrawal(['10.1.0.0/16']));
    expect(sink.take()).toEqual([change('10.1.0.0/16', null, null)]);
  });

  test('that cancel each other before they are told are told as what is left', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const { sink } = subscribed(fixture, true);
    fixture.receive(source, announcement(['10.1.0.0/16'], route('192.0.2.1')), withdrawal(['10.1.0.0/16']));
    expect(sink.take()).toEqual([]);
  });

  test('of the other routes of a prefix are not told', () => {
    const fixture = new RibFixture();
    const first = fixture.up(1);
    const second = fixture.up(2);
    fixture.receive(first, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1', localPref: 200 }));
    const { sink } = subscribed(fixture, true);
    sink.take();
    fixture.receive(second, announcement(['10.1.0.0/16'], route('192.0.2.2')), withdrawal(['10.1.0.0/16']));
    expect(sink.take()).toEqual([]);
  });

  test('to a route of our own are told as its end, and back', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    fixture.receive(source, announcement(['10.1.0.0/16'], route('192.0.2.1')));
    const { sink } = subscribed(fixture, true);
    sink.take();
    fixture.rib.setOriginated(originated('10.1.0.0/16', '10.2.0.0/16'));
    fixture.settle();
    expect(sink.take()).toEqual([change('10.1.0.0/16', null, null)]);
    fixture.rib.setOriginated([]);
    fixture.settle();
    expect(sink.take()).toEqual([change('10.1.0.0/16', '192.0.2.1', 'peer-1')]);
  });

  test('of a global and link-local next hop name the global one', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1, BOTH);
    const { sink } = subscribed(fixture, true);
    const hops = Buffer.concat([addressBytes('2001:db8::1'), addressBytes('fe80::1')]);
    const nlri = encodePrefix('2001:db8:1::/48');
    const value = Buffer.concat([Buffer.from([0, 2, 1, 32]), hops, Buffer.from([0]), nlri]);
    const attributes = [attribute(Flag.Optional, 14, value), origin(0), asPath([]), localPref(100)];
    fixture.receive(source, encodeUpdate({ attributes }));
    expect(sink.take()).toEqual([change('2001:db8:1::/48', '2001:db8::1', 'peer-1')]);
  });

  test('after unsubscribing are not told, and nothing is held for them', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    fixture.receive(source, announcement(['10.1.0.0/16'], route('192.0.2.1')));
    const { sink, unsubscribe } = subscribed(fixture, true);
    sink.take();
    unsubscribe();
    fixture.receive(source, announcement(['10.2.0.0/16'], route('192.0.2.1')));
    expect(sink.take()).toEqual([]);
    fixture.expectNothingLeft();
  });
});

test('a session that ends in the middle of a replay is never told with routes that are gone', () => {
  const fixture = new RibFixture();
  const source = fixture.up(1);
  const other = fixture.up(2);
  for (let i = 0; i < 20; i++) {
    const prefixes = Array.from({ length: 200 }, (_, j) => `10.${i}.${j}.0/24`);
    fixture.receive(source, announcement(prefixes, route('192.0.2.1')));
  }
  const sink = new RecordingSink();
  fixture.rib.subscribeBestRoutes(sink, { replay: true });
  fixture.rib.work(0);
  expect(sink.table.size).toBeGreaterThan(0);
  expect(sink.table.size).toBeLessThan(4000);
  fixture.rib.removeSession(source.slot);
  // The memory of what is gone is used anew at once.
  fixture.receive(
    other,
    announcement(['172.16.0.0/12'], { nextHop: '198.51.100.7', asPath: [65001, 65002] }),
  );
  const told = new Set(sink.changes.map(({ nextHop, peer }) => `${nextHop} ${peer}`));
  expect([...told].toSorted()).toEqual(['192.0.2.1 peer-1', '198.51.100.7 peer-2', 'null null']);
  expect([...sink.table]).toEqual([['172.16.0.0/12', '198.51.100.7 peer-2']]);
});

test('whatever happens, the table of a subscriber becomes that of the best routes that were learnt', () => {
  const prefix = (i: number) => `10.${i}.0.0/16`;
  const some = fc.uniqueArray(fc.nat(4), { minLength: 1 });
  const step = fc.oneof(
    fc.record({ up: fc.nat(2) }),
    fc.record({ down: fc.nat(2) }),
    fc.record({ announce: fc.nat(2), prefixes: some, preference: fc.constantFrom(100, 200), hop: fc.nat(2) }),
    fc.record({ withdraw: fc.nat(2), prefixes: some }),
    fc.record({ originate: fc.uniqueArray(fc.nat(4)) }),
    fc.record({ subscribe: fc.boolean() }),
    fc.constant('work' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const fixture = new RibFixture();
      const live = new Map<number, ReturnType<RibFixture['up']>>();
      const sinks: RecordingSink[] = [];
      const unsubscribes: (() => void)[] = [];
      const subscribe = (replay: boolean) => {
        const sink = new RecordingSink();
        if (replay) sinks.push(sink);
        unsubscribes.push(fixture.rib.subscribeBestRoutes(sink, { replay }));
      };
      for (const one of steps) {
        if (one === 'work') fixture.rib.work(0);
        else if ('up' in one && !live.has(one.up)) live.set(one.up, fixture.up(one.up + 1));
        else if ('originate' in one) fixture.rib.setOriginated(originated(...one.originate.map(prefix)));
        else if ('subscribe' in one) subscribe(one.subscribe);
        else runOnSession(fixture, live, one, prefix);
      }
      fixture.settle();
      const best = fixture.routes().filter(({ peer }) => peer !== 'local');
      const expected = best.map((one) => [one.prefix, `${one.nextHop} ${one.peer}`]);
      for (const { table, replayed } of sinks) {
        expect([...table].toSorted()).toEqual(expected.toSorted());
        expect(replayed.toSorted()).toEqual(['ipv4', 'ipv6']);
      }
      for (const unsubscribe of unsubscribes) unsubscribe();
      fixture.expectNothingLeft();
    }),
    { numRuns: 300 },
  );
});

type SessionStep =
  | { readonly down: number }
  | {
      readonly announce: number;
      readonly prefixes: number[];
      readonly preference: number;
      readonly hop: number;
    }
  | { readonly withdraw: number; readonly prefixes: number[] }
  | { readonly up: number };

/** Does what a step says on a live session, without working off what follows from it. */
function runOnSession(
  fixture: RibFixture,
  live: Map<number, ReturnType<RibFixture['up']>>,
  step: SessionStep,
  prefix: (i: number) => string,
): void {
  const number =
    'down' in step ? step.down : 'announce' in step ? step.announce : 'withdraw' in step ? step.withdraw : -1;
  const session = live.get(number);
  if (session === undefined) return;
  if ('down' in step) {
    fixture.rib.removeSession(session.slot);
    fixture.sessions.delete(session.session.name);
    live.delete(number);
    return;
  }
  let message: Buffer;
  if ('announce' in step) {
    const attributes = { nextHop: `192.0.2.${step.hop + 1}`, localPref: step.preference };
    message = announcement(step.prefixes.map(prefix), attributes);
  } else {
    message = withdrawal(('withdraw' in step ? step.prefixes : []).map(prefix));
  }
  fixture.rib.receiveUpdate(session.slot, message, 19, message.length);
}
