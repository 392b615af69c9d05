/** Lists and watches against a server that says what the test wants. */
import { ApiClient, type RawObject } from '../../../../config/datastore/kubernetes/api-client.ts';
import { LIST_WATCH_TIMING, ListWatch } from '../../../../config/datastore/kubernetes/list-watch.ts';
import { Changes, pollUntil } from '../../../harness/deadline.ts';
import { type Answer, eventOf, listOf, refusal, ScriptedServer, watchOf } from './scripted-server.ts';

const TIMING = { ...LIST_WATCH_TIMING, firstRetryMs: 20, maxRetryMs: 40, relistMs: 20, random: () => 0.5 };

const nameOf = (object: RawObject): string => (object['metadata'] as { name: string }).name;

class Followed {
  readonly server: ScriptedServer;
  readonly client: ApiClient;
  readonly listWatch: ListWatch;
  names = new Set<string>();
  failures: string[] = [];
  notServed = 0;
  readonly #changes = new Changes();

  constructor(server: ScriptedServer, timing: Partial<typeof TIMING>) {
    this.server = server;
    this.client = new ApiClient({ access: server.access, userAgent: 'test', silenceMs: 500 });
    const changed = (): void => this.#changes.notify();
    this.listWatch = new ListWatch(
      this.client,
      { path: '/api/v1/nodes', fieldSelector: 'a=b' },
      {
        onList: () => {
          const next = new Set<string>();
          return {
            add: async (objects) => {
              for (const object of objects) next.add(nameOf(object));
            },
            finish: () => {
              this.names = next;
              changed();
            },
          };
        },
        onChange: (object) => {
          this.names.add(nameOf(object));
          changed();
        },
        onDelete: (object) => {
          this.names.delete(nameOf(object));
          changed();
        },
        onNotServed: () => {
          this.notServed += 1;
          changed();
        },
        onState: () => {
          const { failure } = this.listWatch.state;
          if (failure !== null) this.failures.push(failure.reason);
          changed();
        },
      },
      { ...TIMING, ...timing },
    );
  }

  until(check: () => boolean, what: string): Promise<true> {
    return this.#changes.until(() => check() || null, what);
  }

  holds(...names: readonly string[]): Promise<true> {
    return this.until(() => [...this.names].sort().join() === names.join(), `holds ${names.join()}`);
  }

  /** Paths with queries, of the watches without their times. */
  get asked(): string[] {
    return this.server.requests.map(({ line }) => line.replace(/timeoutSeconds=\d+&/, ''));
  }
}

describe('list and watch', () => {
  let followed: Followed;

  const follow = async (script: readonly Answer[], timing: Partial<typeof TIMING> = {}): Promise<void> => {
    followed = new Followed(await ScriptedServer.start(script), timing);
  };

  afterEach(async () => {
    await followed.listWatch.close();
    followed.client.close();
    followed.server.close();
  });

  test('a list is read page by page, and followed from its resourceVersion on', async () => {
    await follow([
      listOf(['a', 'b'], '', 'next'),
      listOf(['c'], '7'),
      watchOf([eventOf('ADDED', 'd', '8'), eventOf('DELETED', 'a', '9'), eventOf('MODIFIED', 'b', '10')]),
    ]);
    await followed.holds('b', 'c', 'd');
    expect(followed.asked).toEqual([
      'GET /base/api/v1/nodes?limit=200&fieldSelector=a%3Db',
      'GET /base/api/v1/nodes?limit=200&continue=next&fieldSelector=a%3Db',
      'GET /base/api/v1/nodes?resourceVersion=7&fieldSelector=a%3Db&watch=1&allowWatchBookmarks=true',
    ]);
  });

  test('a watch that breaks is taken up from the last event, a bookmark included', async () => {
    await follow([
      listOf(['a'], '7'),
      watchOf([eventOf('ADDED', 'b', '8'), eventOf('BOOKMARK', '', '20')], 'breaks'),
      watchOf([eventOf('ADDED', 'c', '21')]),
    ]);
    await followed.holds('a', 'b', 'c');
    expect(followed.asked.at(-1)).toContain('resourceVersion=20&');
    expect(followed.listWatch.state).toEqual({ listed: true, failure: null });
  });

  test.each([
    [
      'as an event',
      watchOf(['{"type":"ERROR","object":{"code":410,"reason":"Expired","message":"too old"}}']),
    ],
    ['as an answer', refusal(410, {}, { reason: 'Expired' })],
  ])('410 Gone %s: everything is listed again, and what is not there any more goes', async (_, gone) => {
    await follow([listOf(['a', 'b'], '7'), gone, listOf(['b'], '30'), watchOf([])]);
    await followed.holds('b');
    await pollUntil(async () => followed.server.requests.length === 4 || null, 'the new watch');
    expect(followed.failures).toEqual([]); // nothing is stale: the server answers
    expect(followed.asked.at(-1)).toContain('resourceVersion=30&');
  });

  test('410 Gone in the middle of a list begins it anew', async () => {
    await follow([listOf(['a'], '', 'next'), refusal(410), listOf(['a', 'b'], '8'), watchOf([])]);
    await followed.holds('a', 'b');
    expect(followed.asked[2]).not.toContain('continue');
  });

  test('429 is tried again no sooner than the server asked for', async () => {
    await follow([refusal(429, { 'retry-after': '1' }), listOf(['a'], '7'), watchOf([])]);
    await followed.holds('a');
    const [first, second] = followed.server.requests;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
    expect(followed.failures).toEqual([expect.stringContaining('429')]);
  });

  test('failures are tried again ever later, and cost nothing that is held', async () => {
    await follow([
      listOf(['a'], '7'),
      watchOf(['this is no JSON']),
      refusal(500, {}, { reason: 'InternalError', message: 'etcd is away' }),
      watchOf([eventOf('ADDED', 'b', '8')]),
    ]);
    await followed.holds('a', 'b');
    expect(followed.failures).toEqual([expect.stringContaining('JSON'), '500 InternalError: etcd is away']);
  });

  test('a server that says nothing is given up after a while', async () => {
    await follow([() => {}, listOf(['a'], '7'), watchOf([])]);
    await followed.holds('a');
    expect(followed.failures).toEqual([expect.stringMatching(/was silent for 0\.5 s$/)]);
  });

  test('a kind that the server does not have any more is said to be gone', async () => {
    await follow([listOf(['a'], '7'), refusal(404)]);
    await followed.until(() => followed.notServed > 0, 'not served');
  });

  test('a watch that falls silent although it brought bookmarks is not trusted: all is listed again', async () => {
    await follow(
      [listOf(['a'], '7'), watchOf([eventOf('BOOKMARK', '', '8')]), listOf(['b'], '9'), watchOf([])],
      { bookmarkMs: 100 },
    );
    await followed.holds('b');
  });
});
