import type { LearntColumns, LearntRouteChange } from '../../../felix-like/agent-api.ts';
import { LearntFeed, type LearntSink } from '../../../felix-like/dataplane/learnt-feed.ts';

class RecordingSink implements LearntSink {
  readonly calls: string[] = [];

  startLearnt(): void {
    this.calls.push('start');
  }

  changeLearnt({ prefix }: LearntRouteChange): void {
    this.calls.push(prefix);
  }

  changeLearntColumns({ lengths }: LearntColumns, from: number, to: number): void {
    for (let i = from; i < to; i++) this.calls.push(`column /${lengths[i]}`);
  }

  completeLearnt(family: string): void {
    this.calls.push(`end ${family}`);
  }
}

function changes(...prefixes: string[]): LearntRouteChange[] {
  return prefixes.map((prefix) => ({ family: 'ipv4', prefix, nextHop: '10.0.0.2' }));
}

describe('learnt feed', () => {
  test('hands on in order, in slices that may end inside a batch', () => {
    const feed = new LearntFeed();
    const sink = new RecordingSink();
    feed.start();
    feed.push(changes('a', 'b', 'c'));
    feed.push(changes('d'));
    feed.endOfRib('ipv4');
    feed.drain(2, sink);
    expect(sink.calls).toEqual(['start', 'a', 'b']);
    feed.drain(2, sink);
    expect([sink.calls.slice(3), feed.isEmpty]).toEqual([['c', 'd'], false]);
    feed.drain(2, sink);
    expect([sink.calls.slice(5), feed.isEmpty]).toEqual([['end ipv4'], true]);
  });

  test('columns are handed on between texts, in the order in which they came', () => {
    const feed = new LearntFeed();
    const sink = new RecordingSink();
    const lengths = Uint8Array.of(8, 16, 24);
    const numbers = new Int32Array(3);
    feed.push(changes('a'));
    feed.pushColumns({
      family: 'ipv4',
      count: 3,
      words: numbers,
      lengths,
      ways: numbers,
      nextHops: [['::1']],
    });
    feed.push(changes('b'));
    feed.drain(3, sink);
    expect(sink.calls).toEqual(['a', 'column /8', 'column /16']);
    feed.drain(3, sink);
    expect([sink.calls.slice(3), feed.isEmpty]).toEqual([['column /24', 'b'], true]);
  });

  test('when the time is over, the families without End-of-RIB are complete', () => {
    const feed = new LearntFeed();
    const sink = new RecordingSink();
    feed.start();
    feed.endOfRib('ipv4');
    feed.expire();
    feed.expire();
    feed.drain(10, sink);
    expect(sink.calls).toEqual(['start', 'end ipv4', 'end ipv6']);
  });
});
