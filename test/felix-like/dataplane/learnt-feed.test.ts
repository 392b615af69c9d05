import type { LearntRouteChange } from '../../../felix-like/agent-api.ts';
import { LearntFeed, type LearntSink } from '../../../felix-like/dataplane/learnt-feed.ts';

class RecordingSink implements LearntSink {
  readonly calls: string[] = [];

  startLearnt(): void {
    this.calls.push('start');
  }

  changeLearnt({ prefix }: LearntRouteChange): void {
    this.calls.push(prefix);
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
