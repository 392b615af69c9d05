/** What `manul routes` is answered from: every query of RouteQuery, and the counts of a session. */
import { createRib } from '../../../bgp/routing/create-rib.ts';
import type { RouteQuery, RouteStatus } from '../../../bgp/speaker/speaker-status.ts';
import { communities, med } from '../../harness/bgp/attributes.ts';
import { announcement, withdrawal } from '../../harness/bgp/encode.ts';
import { RibFixture } from './rib-fixture.ts';
import { CLUSTER_ID, OWN_AS, OWN_ID, settle } from './rib-sessions.ts';

const BOTH = { families: ['ipv4', 'ipv6'] } as const;
const EXTERNAL = { peerAsn: 65001, routeReflectorClient: false } as const;

/** Two clients with a common prefix, a route of our own, and IPv6. */
function populated() {
  const fixture = new RibFixture();
  const first = fixture.up(1, BOTH);
  const second = fixture.up(2, BOTH);
  fixture.rib.setOriginated([{ prefix: '10.9.0.0/16', localPref: 300, communities: ['64512:9'] }]);
  fixture.receive(
    first,
    announcement(['10.1.0.0/16', '10.1.2.0/24'], { nextHop: '192.0.2.1', localPref: 200, asPath: [65001] }),
    announcement(['2001:db8::/32'], { nextHop: '2001:db8::1', extra: [med(5)] }),
  );
  fixture.receive(second, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.2', extra: [communities([7])] }));
  return { fixture, first, second };
}

const brief = (routes: readonly RouteStatus[]) =>
  routes.map(({ prefix, peer, best }) => `${prefix} ${peer} ${best}`);

describe('queries', () => {
  test.each<[string, RouteQuery, string[]]>([
    [
      'nothing asked: the best routes of both families',
      {},
      [
        '10.9.0.0/16 local true',
        '10.1.0.0/16 peer-1 true',
        '10.1.2.0/24 peer-1 true',
        '2001:db8::/32 peer-1 true',
      ],
    ],
    ['one family', { family: 'ipv6' }, ['2001:db8::/32 peer-1 true']],
    [
      'all paths',
      { all: true, family: 'ipv4' },
      [
        '10.9.0.0/16 local true',
        '10.1.0.0/16 peer-2 false',
        '10.1.0.0/16 peer-1 true',
        '10.1.2.0/24 peer-1 true',
      ],
    ],
    ['a prefix', { prefix: '10.1.0.0/16' }, ['10.1.0.0/16 peer-1 true']],
    [
      'all paths of a prefix',
      { prefix: '10.1.0.0/16', all: true },
      ['10.1.0.0/16 peer-2 false', '10.1.0.0/16 peer-1 true'],
    ],
    ['a prefix with host bits', { prefix: '10.1.77.1/16' }, ['10.1.0.0/16 peer-1 true']],
    ['a prefix that is not there', { prefix: '10.1.0.0/15' }, []],
    ['text that is no prefix', { prefix: 'nonsense' }, []],
    ['an address as prefix', { prefix: '10.1.2.3' }, []],
    ['the longest match', { longest: '10.1.2.3' }, ['10.1.2.0/24 peer-1 true']],
    ['a shorter match', { longest: '10.1.3.3' }, ['10.1.0.0/16 peer-1 true']],
    ['an IPv6 match', { longest: '2001:db8:77::1' }, ['2001:db8::/32 peer-1 true']],
    ['no match', { longest: '192.0.2.1' }, []],
    ['text that is no address', { longest: '10.1.0.0/16' }, []],
    [
      'all paths of the longest match',
      { longest: '10.1.3.3', all: true },
      ['10.1.0.0/16 peer-2 false', '10.1.0.0/16 peer-1 true'],
    ],
    ['received of a peer', { received: 'peer-2' }, ['10.1.0.0/16 peer-2 false']],
    ['received of a peer, one family', { received: 'peer-1', family: 'ipv6' }, ['2001:db8::/32 peer-1 true']],
    [
      'received of a peer, one prefix',
      { received: 'peer-2', prefix: '10.1.0.0/16' },
      ['10.1.0.0/16 peer-2 false'],
    ],
    ['received of a peer, a prefix of another', { received: 'peer-2', prefix: '10.1.2.0/24' }, []],
    ['received of nobody', { received: 'peer-3' }, []],
    ['advertised to nobody', { advertised: 'peer-3' }, []],
    [
      'advertised to a peer, one prefix',
      { advertised: 'peer-2', prefix: '10.1.2.0/24' },
      ['10.1.2.0/24 peer-1 true'],
    ],
    ['advertised to a peer, its own prefix', { advertised: 'peer-1', prefix: '10.1.2.0/24' }, []],
  ])('%s', (_name, query, expected) => {
    expect(brief(populated().fixture.routes(query))).toEqual(expected);
  });

  test('a route has all of its values', () => {
    const { fixture } = populated();
    expect(fixture.routes({ prefix: '10.1.0.0/16', all: true })[0]).toEqual({
      prefix: '10.1.0.0/16',
      family: 'ipv4',
      nextHop: '192.0.2.2',
      best: false,
      peer: 'peer-2',
      origin: 'igp',
      asPath: [],
      localPref: 100,
      med: null,
      communities: ['0:7'],
      largeCommunities: [],
      originatorId: null,
      clusterList: [],
      age: 0,
      pathId: null,
    });
  });

  test('a million routes come in batches', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    for (let i = 0; i < 20; i++) {
      const prefixes = Array.from({ length: 200 }, (_, j) => `10.${i}.${j}.0/24`);
      fixture.receive(source, announcement(prefixes, { nextHop: '192.0.2.1' }));
    }
    for (const query of [{}, { received: 'peer-1' }, { all: true }]) {
      const iterator = fixture.rib.routes(query, () => source.slot);
      const sizes: number[] = [];
      for (let step = iterator.next(); step.done !== true; step = iterator.next())
        sizes.push(step.value.length);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(4000);
      expect(Math.max(...sizes)).toBeLessThan(1000);
    }
  });
});

describe('what was received', () => {
  test('is shown as it came, also where policy changed or rejected it', () => {
    const fixture = new RibFixture();
    const importPolicy = {
      name: 'test',
      otherwise: 'accept' as const,
      terms: [
        {
          name: 'reject',
          match: { prefixes: [{ prefix: '10.2.0.0/16', minLength: 16, maxLength: 16 }] },
          action: 'reject' as const,
        },
        {
          name: 'raise',
          match: {},
          action: 'accept' as const,
          operations: [{ kind: 'setLocalPref' as const, localPref: 500 }],
        },
      ],
    };
    const source = fixture.up(1, { importPolicy });
    fixture.receive(source, announcement(['10.1.0.0/16', '10.2.0.0/16'], { nextHop: '192.0.2.1' }));
    expect(fixture.received(source)).toMatchObject([
      { prefix: '10.1.0.0/16', localPref: 100, best: true },
      { prefix: '10.2.0.0/16', localPref: 100, best: false },
    ]);
    expect(fixture.routes({ all: true })).toMatchObject([{ prefix: '10.1.0.0/16', localPref: 500 }]);
  });

  test('has the path identifiers of ADD-PATH', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1, { addPathReceive: ['ipv4'] });
    const message = announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1' });
    for (const id of [7, 0xffffffff]) {
      const body = message.subarray(19, message.length - 3);
      const nlri = Buffer.concat([Buffer.alloc(4), message.subarray(message.length - 3)]);
      nlri.writeUInt32BE(id);
      const bytes = Buffer.concat([body, nlri]);
      fixture.rib.receiveUpdate(source.slot, bytes, 0, bytes.length);
    }
    fixture.settle();
    expect(fixture.received(source).map(({ pathId }) => pathId)).toEqual([7, 0xffffffff]);
    expect(fixture.routes({ all: true })).toHaveLength(2);
    expect(fixture.routes()).toHaveLength(1);
    expect(fixture.rib.sessionCounts(source.slot).received).toEqual({ ipv4: 2 });
  });
});

describe('what is advertised', () => {
  test('is shown as the peer gets it: reflection, next hop, AS_PATH, communities', () => {
    const { fixture } = populated();
    const exportPolicy = {
      name: 'tag',
      otherwise: 'reject' as const,
      terms: [
        {
          name: 'tag',
          match: {},
          action: 'accept' as const,
          operations: [{ kind: 'addCommunity' as const, community: '64512:1' }],
        },
      ],
    };
    const client = fixture.up(3, BOTH);
    const external = fixture.up(4, { ...BOTH, ...EXTERNAL, exportPolicy });
    fixture.settle();
    for (const { session, output } of [client, external]) {
      const listed = fixture.routes({ advertised: session.name });
      expect(listed.map(({ prefix }) => prefix).toSorted()).toEqual(output.prefixes);
      for (const route of listed) {
        const { attributes: _attributes, ...sent } = output.route(route.prefix);
        expect(route).toMatchObject({ ...sent, best: true });
      }
    }
    expect(fixture.routes({ advertised: 'peer-3', prefix: '10.1.0.0/16' })).toMatchObject([
      { peer: 'peer-1', originatorId: '10.0.0.1', clusterList: [CLUSTER_ID], nextHop: '192.0.2.1' },
    ]);
    expect(fixture.routes({ advertised: 'peer-4', prefix: '10.9.0.0/16' })).toMatchObject([
      {
        peer: 'local',
        asPath: [OWN_AS],
        localPref: null,
        nextHop: OWN_ID,
        communities: ['64512:9', '64512:1'],
      },
    ]);
  });

  test('excludes what came from the peer itself, and tells of every path with ADD-PATH', () => {
    const { fixture } = populated();
    const receiver = fixture.up(3, { addPathSend: ['ipv4'] });
    fixture.settle();
    const listed = fixture.routes({ advertised: 'peer-3', prefix: '10.1.0.0/16' });
    expect(listed.map(({ peer, nextHop }) => `${peer} ${nextHop}`).toSorted()).toEqual([
      'peer-1 192.0.2.1',
      'peer-2 192.0.2.2',
    ]);
    for (const { prefix, pathId, nextHop } of listed) {
      expect(receiver.output.route(`${prefix}#${pathId}`).nextHop).toBe(nextHop);
    }
    expect(fixture.routes({ advertised: 'peer-3' })).toHaveLength(receiver.output.table.size);
  });

  test('to a session with two-octet AS numbers has the real ones', () => {
    const { fixture, first } = populated();
    fixture.up(3, { fourOctetAs: false });
    fixture.receive(
      first,
      announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1', localPref: 200, asPath: [4_200_000_001] }),
    );
    expect(fixture.routes({ advertised: 'peer-3', prefix: '10.1.0.0/16' })).toMatchObject([
      { asPath: [4_200_000_001] },
    ]);
  });
});

describe('counts of a session', () => {
  test('are there for each of its families', () => {
    const { fixture, first, second } = populated();
    expect(fixture.rib.sessionCounts(first.slot)).toEqual({
      received: { ipv4: 2, ipv6: 1 },
      accepted: { ipv4: 2, ipv6: 1 },
      advertised: { ipv4: 1, ipv6: 0 },
    });
    expect(fixture.rib.sessionCounts(second.slot)).toEqual({
      received: { ipv4: 1, ipv6: 0 },
      accepted: { ipv4: 1, ipv6: 0 },
      advertised: { ipv4: 3, ipv6: 1 },
    });
    fixture.receive(first, withdrawal(['10.1.0.0/16', '10.1.2.0/24']));
    expect(fixture.rib.sessionCounts(second.slot).advertised).toEqual({ ipv4: 1, ipv6: 1 });
    expect(fixture.rib.sessionCounts(first.slot).advertised).toEqual({ ipv4: 2, ipv6: 0 });
  });

  test('of an unknown slot are empty', () => {
    expect(new RibFixture().rib.sessionCounts(7)).toEqual({ received: {}, accepted: {}, advertised: {} });
  });
});

test('the age is the seconds since the route changed', () => {
  let nowMs = 5000;
  const rib = createRib({ now: () => nowMs, delay: () => undefined });
  rib.configure({ asn: OWN_AS, routerId: OWN_ID, clusterId: null });
  rib.setOriginated([{ prefix: '10.1.0.0/16', localPref: 100, communities: [] }]);
  settle(rib);
  nowMs += 90_500;
  const { value } = rib.routes({ prefix: '10.1.0.0/16' }, () => null).next();
  expect(value).toMatchObject([{ age: 90 }]);
});
