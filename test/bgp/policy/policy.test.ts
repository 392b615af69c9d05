/** Policies on the routes of a session, in and out: what matches, what is done, in which order (Calico's BGPFilter semantics). */
import type {
  PolicyConfig,
  PolicyMatch,
  PolicyOperation,
  PolicyTerm,
  PrefixMatch,
} from '../../../bgp/policy/policy-config.ts';
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import { attribute, communities, Flag, localPref, nextHop, origin } from '../../harness/bgp/attributes.ts';
import { announcement, encodeUpdate } from '../../harness/bgp/encode.ts';
import { encodePrefix } from '../../harness/bgp/prefix-text.ts';
import { RibFixture } from '../routing/rib-fixture.ts';

const EXTERNAL: Partial<RibSession> = { peerAsn: 65001, routeReflectorClient: false };
const BOTH = ['ipv4', 'ipv6'] as const;

const policy = (
  terms: readonly Partial<PolicyTerm>[],
  otherwise: 'accept' | 'reject' = 'reject',
): PolicyConfig => ({
  name: 'test',
  otherwise,
  terms: terms.map((term, i) => ({ name: `term ${i}`, match: {}, action: 'accept', ...term })),
});
const accepting = (match: PolicyMatch) => policy([{ match }]);
const operating = (...operations: PolicyOperation[]) => policy([{ operations }]);
const within = (prefix: string, minLength: number, maxLength: number): PrefixMatch => ({
  prefix,
  minLength,
  maxLength,
});

/** The prefixes of those announced that an import policy accepts. */
function accepted(
  importPolicy: PolicyConfig,
  prefixes: readonly string[],
  overrides: Partial<RibSession> = {},
): string[] {
  const fixture = new RibFixture();
  const source = fixture.up(1, { families: BOTH, importPolicy, ...overrides });
  for (const prefix of prefixes) {
    const hop = prefix.includes(':') ? '2001:db8::1' : '192.0.2.1';
    fixture.receive(source, announcement([prefix], { nextHop: hop, asPath: [65001, 65002] }));
  }
  const found = fixture.routes().map(({ prefix }) => prefix);
  fixture.expectNothingLeft();
  return prefixes.filter((prefix) => found.includes(prefix));
}

describe('prefix conditions', () => {
  const NESTED = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.3/32', '11.0.0.0/8', '0.0.0.0/0'];
  test.each<[string, PrefixMatch, string[]]>([
    ['exactly the prefix', within('10.1.0.0/16', 16, 16), ['10.1.0.0/16']],
    [
      'the prefix and all inside',
      within('10.1.0.0/16', 16, 32),
      ['10.1.0.0/16', '10.1.2.0/24', '10.1.2.3/32'],
    ],
    ['inside, not the prefix itself', within('10.1.0.0/16', 17, 32), ['10.1.2.0/24', '10.1.2.3/32']],
    ['a range of lengths', within('10.0.0.0/8', 16, 24), ['10.1.0.0/16', '10.1.2.0/24']],
    ['lengths above the family', within('10.1.2.3/32', 32, 128), ['10.1.2.3/32']],
    ['lengths shorter than the prefix match nothing outside it', within('10.1.2.0/24', 0, 16), []],
    ['everything', within('0.0.0.0/0', 0, 32), NESTED],
    ['the default route', within('0.0.0.0/0', 0, 0), ['0.0.0.0/0']],
    ['bits of the host are ignored', within('10.1.2.3/16', 16, 16), ['10.1.0.0/16']],
    ['text that is no prefix', within('nonsense', 0, 32), []],
  ])('%s', (_name, match, expected) => {
    expect(accepted(accepting({ prefixes: [match] }), NESTED)).toEqual(expected);
  });

  test('a prefix that is not on an octet border', () => {
    const match = within('10.128.0.0/9', 9, 32);
    const prefixes = ['10.0.0.0/8', '10.127.0.0/16', '10.128.0.0/9', '10.200.0.0/16', '10.255.255.255/32'];
    expect(accepted(accepting({ prefixes: [match] }), prefixes)).toEqual([
      '10.128.0.0/9',
      '10.200.0.0/16',
      '10.255.255.255/32',
    ]);
  });

  test('a prefix of the other family matches nothing; its absence everything', () => {
    const prefixes = ['10.0.0.0/8', '2001:db8::/32'];
    const v6 = [within('::/0', 0, 128)];
    expect(accepted(accepting({ prefixes: v6 }), prefixes)).toEqual(['2001:db8::/32']);
    expect(accepted(accepting({ notPrefixes: v6 }), prefixes)).toEqual(['10.0.0.0/8']);
  });

  test('one of several is enough, and none of those excluded', () => {
    const match = {
      prefixes: [within('10.0.0.0/8', 8, 32), within('172.16.0.0/12', 12, 32)],
      notPrefixes: [within('10.1.0.0/16', 16, 32)],
    };
    const prefixes = ['10.0.0.0/8', '10.1.2.0/24', '172.16.0.0/12', '192.168.0.0/16'];
    expect(accepted(accepting(match), prefixes)).toEqual(['10.0.0.0/8', '172.16.0.0/12']);
  });

  test('IPv6 lengths beyond 64 bits', () => {
    const match = within('2001:db8:0:1::/64', 96, 128);
    const prefixes = [
      '2001:db8:0:1::/64',
      '2001:db8:0:1:0:1::/96',
      '2001:db8:0:1::7/128',
      '2001:db8:0:2::7/128',
    ];
    expect(accepted(accepting({ prefixes: [match] }), prefixes)).toEqual(prefixes.slice(1, 3));
  });
});

describe('other conditions', () => {
  const one = (match: PolicyMatch, message: Buffer, overrides: Partial<RibSession> = {}): boolean => {
    const fixture = new RibFixture();
    const source = fixture.up(1, { importPolicy: accepting(match), ...overrides });
    fixture.receive(source, message);
    return fixture.routes().length === 1;
  };
  const plain = announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1', asPath: [65001, 65002] });

  test('sessionType is that of the session', () => {
    expect(one({ sessionType: 'ibgp' }, plain)).toBe(true);
    expect(one({ sessionType: 'ebgp' }, plain)).toBe(false);
    expect(one({ sessionType: 'ebgp' }, plain, EXTERNAL)).toBe(true);
    expect(one({ sessionType: 'ibgp' }, plain, EXTERNAL)).toBe(false);
  });

  test('sources tell whence a route came', () => {
    expect(one({ sources: ['ibgp'] }, plain)).toBe(true);
    expect(one({ sources: ['ibgp'] }, plain, { routeReflectorClient: false })).toBe(true);
    expect(one({ sources: ['ebgp', 'local'] }, plain)).toBe(false);
    expect(one({ sources: ['ebgp'] }, plain, EXTERNAL)).toBe(true);
    expect(one({ sources: [] }, plain)).toBe(false);
  });

  const withCommunities = (standard: number[], large: string[]) =>
    announcement(['10.1.0.0/16'], {
      nextHop: '192.0.2.1',
      extra: [
        ...(standard.length === 0 ? [] : [communities(standard)]),
        ...(large.length === 0 ? [] : [largeCommunities(large)]),
      ],
    });

  test.each<[string, number[], string[], boolean]>([
    ['64512:1', [0xfc000001], [], true],
    ['64512:1', [7, 0xfc000001], [], true],
    ['64512:1', [0xfc000002], [], false],
    ['64512:1', [], ['64512:1:0'], false],
    ['64512:1', [], [], false],
    ['1:2:3', [], ['1:2:3'], true],
    ['1:2:3', [], ['4:5:6', '1:2:3'], true],
    ['2:3:4', [], ['1:2:3', '4:5:6'], false],
    ['4294967295:0:1', [], ['4294967295:0:1'], true],
    ['no community', [7], ['1:2:3'], false],
  ])('community %s on %j %j: %s', (community, standard, large, expected) => {
    expect(one({ community }, withCommunities(standard, large))).toBe(expected);
  });

  const withPath = (...segments: readonly (readonly [1 | 2, readonly number[]])[]) => {
    const value = segments.flatMap(([type, asns]) => [type, asns.length, ...asns.flatMap(uint32Octets)]);
    const attributes = [
      origin(0),
      attribute(Flag.Transitive, 2, Buffer.from(value)),
      nextHop('192.0.2.1'),
      localPref(100),
    ];
    return encodeUpdate({ attributes, nlri: encodePrefix('10.1.0.0/16') });
  };
  const run = (count: number) => Array.from({ length: count }, (_, i) => 1000 + i);

  test.each<[number[], ReturnType<typeof withPath>, boolean]>([
    [[65001], withPath([2, [65001, 65002]]), true],
    [[65001, 65002], withPath([2, [65001, 65002]]), true],
    [[65001, 65002, 65003], withPath([2, [65001, 65002]]), false],
    [[65002], withPath([2, [65001, 65002]]), false],
    [[4_200_000_001], withPath([2, [4_200_000_001]]), true],
    [[65001], withPath([1, [65001]]), false],
    [[65001], withPath(), false],
    [[], withPath(), true],
    [[65001, 65002], withPath([2, [65001]], [2, [65002, 65003]]), true],
    [[65001, 65002], withPath([2, [65001]], [1, [65002]]), false],
    [[1253, 1254], withPath([2, run(255)]), false],
    [[...run(255), 65001], withPath([2, run(255)], [2, [65001]]), true],
  ])('asPathPrefix %j', (asPathPrefix, message, expected) => {
    expect(one({ asPathPrefix }, message)).toBe(expected);
  });

  test('localPrefAbove is greater, not equal; 100 where the route came without', () => {
    const message = (preference: number | null) =>
      announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1', localPref: preference });
    expect(one({ localPrefAbove: 2_147_482_623 }, message(2_147_482_624))).toBe(true);
    expect(one({ localPrefAbove: 2_147_482_623 }, message(2_147_482_623))).toBe(false);
    expect(one({ localPrefAbove: 2_147_482_623 }, message(4_294_967_295))).toBe(true);
    expect(one({ localPrefAbove: 0 }, message(0))).toBe(false);
    expect(one({ localPrefAbove: 99 }, message(null))).toBe(true);
    expect(one({ localPrefAbove: 100 }, message(null))).toBe(false);
  });

  test('localPref compares what the decision will see, 100 where the route came without', () => {
    const message = (preference: number | null) =>
      announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1', localPref: preference });
    expect(one({ localPref: 2_147_483_135 }, message(2_147_483_135))).toBe(true);
    expect(one({ localPref: 4_294_967_295 }, message(4_294_967_295))).toBe(true);
    expect(one({ localPref: 100 }, message(200))).toBe(false);
    expect(one({ localPref: 100 }, message(null))).toBe(true);
    expect(one({ localPref: 100 }, message(null), EXTERNAL)).toBe(true);
  });

  test('all conditions of a term must hold', () => {
    const match = { prefixes: [within('10.0.0.0/8', 8, 32)], sources: ['ibgp'], community: '0:7' } as const;
    expect(one(match, withCommunities([7], []))).toBe(true);
    expect(one(match, withCommunities([8], []))).toBe(false);
    expect(one({ ...match, sources: ['ebgp'] }, withCommunities([7], []))).toBe(false);
    expect(one({ ...match, prefixes: [within('11.0.0.0/8', 8, 32)] }, withCommunities([7], []))).toBe(false);
  });
});

describe('the order of terms', () => {
  const PREFIXES = ['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16'];
  const only = (prefix: string): PolicyMatch => ({ prefixes: [within(prefix, 16, 16)] });

  test('the first that matches decides', () => {
    const terms = [
      { match: only('10.1.0.0/16'), action: 'reject' as const },
      { match: only('10.1.0.0/16') },
      { match: only('10.2.0.0/16') },
    ];
    expect(accepted(policy(terms), PREFIXES)).toEqual(['10.2.0.0/16']);
    expect(accepted(policy(terms, 'accept'), PREFIXES)).toEqual(['10.2.0.0/16', '10.3.0.0/16']);
  });

  test('a term without conditions matches everything', () => {
    expect(accepted(policy([{}]), PREFIXES)).toEqual(PREFIXES);
    expect(accepted(policy([{ action: 'reject' }], 'accept'), PREFIXES)).toEqual([]);
  });

  test('a policy without terms does what is said otherwise', () => {
    expect(accepted(policy([], 'reject'), PREFIXES)).toEqual([]);
    expect(accepted(policy([], 'accept'), PREFIXES)).toEqual(PREFIXES);
  });

  const imported = (terms: readonly Partial<PolicyTerm>[], otherwise: 'accept' | 'reject' = 'accept') => {
    const fixture = new RibFixture();
    const source = fixture.up(1, { importPolicy: policy(terms, otherwise) });
    fixture.receive(source, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1', asPath: [65001] }));
    const routes = fixture.routes();
    fixture.expectNothingLeft();
    return routes;
  };

  test('next does its operations and goes on', () => {
    const terms = [
      { action: 'next' as const, operations: [{ kind: 'setLocalPref', localPref: 200 } as const] },
      { action: 'next' as const, operations: [{ kind: 'addCommunity', community: '1:1' } as const] },
      { operations: [{ kind: 'addCommunity', community: '2:2' } as const] },
    ];
    expect(imported(terms, 'reject')).toMatchObject([{ localPref: 200, communities: ['1:1', '2:2'] }]);
  });

  test('later terms see what earlier ones changed', () => {
    const terms = [
      { action: 'next' as const, operations: [{ kind: 'addCommunity', community: '1:1' } as const] },
      { match: { community: '1:1' }, operations: [{ kind: 'setLocalPref', localPref: 7 } as const] },
    ];
    expect(imported(terms, 'reject')).toMatchObject([{ localPref: 7, communities: ['1:1'] }]);
  });

  test('what next changed stays when the policy ends', () => {
    const terms = [
      { action: 'next' as const, operations: [{ kind: 'setLocalPref', localPref: 7 } as const] },
    ];
    expect(imported(terms)).toMatchObject([{ localPref: 7 }]);
    expect(imported(terms, 'reject')).toEqual([]);
  });

  test('what next changed is forgotten when a later term rejects', () => {
    const terms = [
      { action: 'next' as const, operations: [{ kind: 'addCommunity', community: '9:9' } as const] },
      { match: { community: '9:9' }, action: 'reject' as const },
    ];
    expect(imported(terms)).toEqual([]);
  });
});

describe('operations', () => {
  const result = (importPolicy: PolicyConfig, extra: Buffer[] = [], path: readonly number[] = [65001]) => {
    const fixture = new RibFixture();
    const source = fixture.up(1, { importPolicy });
    const receiver = fixture.up(2);
    fixture.receive(source, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1', asPath: path, extra }));
    const [route] = fixture.routes();
    const sent = receiver.output.route('10.1.0.0/16');
    expect(sent).toMatchObject({
      asPath: route!.asPath,
      localPref: route!.localPref,
      communities: route!.communities,
      largeCommunities: route!.largeCommunities,
    });
    fixture.expectNothingLeft();
    return route!;
  };

  test('addCommunity adds at the end, each once, and makes the attribute where there is none', () => {
    const add = (...texts: string[]) =>
      operating(...texts.map((community) => ({ kind: 'addCommunity', community }) as const));
    expect(result(add('1:1')).communities).toEqual(['1:1']);
    expect(result(add('1:1', '2:2', '1:1'), [communities([0x00020002])]).communities).toEqual(['2:2', '1:1']);
    expect(result(add('1:2:3', '4294967295:4294967295:4294967295', '1:2:3')).largeCommunities).toEqual([
      '1:2:3',
      '4294967295:4294967295:4294967295',
    ]);
    expect(result(add('65536:1', 'words', '1:2:3:4', '1')).communities).toEqual([]);
  });

  test('an element of a community list is compared whole, not across two of them', () => {
    const add = operating({ kind: 'addCommunity', community: '2:3' });
    expect(result(add, [communities([0x00010002, 0x00030004])]).communities).toEqual(['1:2', '3:4', '2:3']);
  });

  test('prependAsPath: the first listed ends up first', () => {
    const prepend = operating({ kind: 'prependAsPath', asns: [64600, 4_200_000_001, 64600] });
    expect(result(prepend).asPath).toEqual([64600, 4_200_000_001, 64600, 65001]);
    expect(result(prepend, [], []).asPath).toEqual([64600, 4_200_000_001, 64600]);
    expect(
      result(
        prepend,
        [],
        Array.from({ length: 254 }, () => 65009),
      ).asPath,
    ).toHaveLength(257);
  });

  test('a prepended path is longer in the decision', () => {
    const fixture = new RibFixture();
    const near = fixture.up(1, { importPolicy: operating({ kind: 'prependAsPath', asns: [64600] }) });
    const far = fixture.up(2);
    fixture.receive(near, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1', asPath: [65001] }));
    fixture.receive(far, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.2', asPath: [65001] }));
    expect(fixture.routes()).toMatchObject([{ peer: 'peer-2' }]);
  });

  test('setLocalPref sets what the decision compares, up to the largest value', () => {
    const set = operating({ kind: 'setLocalPref', localPref: 4_294_967_295 });
    expect(result(set).localPref).toBe(4_294_967_295);
    const fixture = new RibFixture();
    const raised = fixture.up(2, { ...EXTERNAL, importPolicy: set });
    const other = fixture.up(1);
    fixture.receive(other, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1', localPref: 2_147_483_648 }));
    fixture.receive(
      raised,
      announcement(['10.1.0.0/16'], { nextHop: '192.0.2.2', localPref: null, asPath: [65001] }),
    );
    expect(fixture.routes()).toMatchObject([{ peer: 'peer-2' }]);
  });

  test('NO_EXPORT added on import holds on export', () => {
    const fixture = new RibFixture();
    const importPolicy = operating({ kind: 'addCommunity', community: '65535:65281' });
    const source = fixture.up(1, { importPolicy });
    const internal = fixture.up(2);
    const external = fixture.up(3, EXTERNAL);
    fixture.receive(source, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1' }));
    expect(internal.output.prefixes).toEqual(['10.1.0.0/16']);
    expect(external.output.prefixes).toEqual([]);
  });

  test('more ASes than an attribute can hold leave the route as it was', () => {
    const asns = Array.from({ length: 17_000 }, () => 64600);
    expect(result(operating({ kind: 'prependAsPath', asns })).asPath).toEqual([65001]);
  });
});

describe('export policies', () => {
  test('reject and change routes for one session, not for others', () => {
    const fixture = new RibFixture();
    const exportPolicy = policy([
      { match: { prefixes: [within('10.1.0.0/16', 16, 16)] }, action: 'reject' },
      { operations: [{ kind: 'addCommunity', community: '7:7' }] },
    ]);
    const source = fixture.up(1);
    const filtered = fixture.up(2, { exportPolicy });
    const plain = fixture.up(3);
    fixture.receive(source, announcement(['10.1.0.0/16', '10.2.0.0/16'], { nextHop: '192.0.2.1' }));
    expect(filtered.output.prefixes).toEqual(['10.2.0.0/16']);
    expect(filtered.output.route('10.2.0.0/16').communities).toEqual(['7:7']);
    expect(plain.output.prefixes).toEqual(['10.1.0.0/16', '10.2.0.0/16']);
    expect(plain.output.route('10.2.0.0/16').communities).toEqual([]);
    fixture.expectNothingLeft();
  });

  test('change routes of our own, too', () => {
    const fixture = new RibFixture();
    const exportPolicy = operating(
      { kind: 'addCommunity', community: '7:7' },
      { kind: 'addCommunity', community: '65535:65281' },
      { kind: 'prependAsPath', asns: [64600] },
      { kind: 'setLocalPref', localPref: 5 },
    );
    const families = BOTH;
    const internal = fixture.up(1, { exportPolicy, families });
    const external = fixture.up(2, { ...EXTERNAL, exportPolicy, families });
    const prefixes = ['10.1.0.0/16', '2001:db8::/32'];
    fixture.rib.setOriginated(prefixes.map((prefix) => ({ prefix, localPref: 100, communities: ['1:1'] })));
    fixture.settle();
    for (const prefix of prefixes) {
      const tags = ['1:1', '7:7', '65535:65281'];
      expect(internal.output.route(prefix)).toMatchObject({
        communities: tags,
        asPath: [64600],
        localPref: 5,
      });
      expect(external.output.route(prefix)).toMatchObject({ communities: tags, asPath: [64512, 64600] });
    }
    fixture.expectNothingLeft();
  });

  test('tell routes of our own, of internal and of external peers apart', () => {
    const fixture = new RibFixture();
    const internal = fixture.up(1);
    const external = fixture.up(2, EXTERNAL);
    const receivers = (['local', 'ibgp', 'ebgp'] as const).map((source, i) =>
      fixture.up(10 + i, { exportPolicy: accepting({ sources: [source] }) }),
    );
    fixture.rib.setOriginated([{ prefix: '10.1.0.0/16', localPref: 100, communities: [] }]);
    fixture.receive(internal, announcement(['10.2.0.0/16'], { nextHop: '192.0.2.1' }));
    fixture.receive(
      external,
      announcement(['10.3.0.0/16'], { nextHop: '192.0.2.2', localPref: null, asPath: [65001] }),
    );
    expect(receivers.map(({ output }) => output.prefixes)).toEqual([
      ['10.1.0.0/16'],
      ['10.2.0.0/16'],
      ['10.3.0.0/16'],
    ]);
    fixture.expectNothingLeft();
  });

  test('sessionType is that of the session to which the route goes', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const exportPolicy = accepting({ sessionType: 'ebgp' });
    const internal = fixture.up(2, { exportPolicy });
    const external = fixture.up(3, { ...EXTERNAL, exportPolicy });
    fixture.receive(source, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1' }));
    expect([internal, external].map(({ output }) => output.prefixes)).toEqual([[], ['10.1.0.0/16']]);
  });
});

describe('a policy that changes on a live session', () => {
  test('takes effect on what was received, without a refresh', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const receiver = fixture.up(2);
    fixture.receive(source, announcement(['10.1.0.0/16', '10.2.0.0/16'], { nextHop: '192.0.2.1' }));
    const importPolicy = accepting({ prefixes: [within('10.2.0.0/16', 16, 16)] });
    fixture.rib.updateSession(source.slot, { ...source.session, importPolicy });
    fixture.settle();
    expect(fixture.rib.sessionCounts(source.slot)).toMatchObject({
      received: { ipv4: 2 },
      accepted: { ipv4: 1 },
    });
    expect(receiver.output.prefixes).toEqual(['10.2.0.0/16']);
    fixture.rib.updateSession(source.slot, source.session);
    fixture.settle();
    expect(receiver.output.prefixes).toEqual(['10.1.0.0/16', '10.2.0.0/16']);
    fixture.expectNothingLeft();
  });

  test('an export policy sends and withdraws only the differences', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const receiver = fixture.up(2);
    fixture.receive(source, announcement(['10.1.0.0/16', '10.2.0.0/16'], { nextHop: '192.0.2.1' }));
    const before = receiver.output.messageLengths.length;
    const exportPolicy = accepting({ prefixes: [within('10.2.0.0/16', 16, 16)] });
    fixture.rib.updateSession(receiver.slot, { ...receiver.session, exportPolicy });
    fixture.settle();
    expect(receiver.output.prefixes).toEqual(['10.2.0.0/16']);
    expect(receiver.output.messageLengths).toHaveLength(before + 1);
    fixture.expectNothingLeft();
  });
});

describe('the interface on the way to the next hop', () => {
  const links = (name: string) => [{ prefix: '192.0.2.0/24', metric: 0, interfaceName: name }];
  const only = (name: string): PolicyConfig => ({ ...accepting({ interface: name }), otherwise: 'reject' });

  test('is that of the link, and a change of it is followed on import and export', () => {
    const fixture = new RibFixture();
    fixture.rib.setLinks(links('eth0'));
    const receiver = fixture.up(2, { exportPolicy: only('bond*') });
    const source = fixture.up(1, { importPolicy: only('*0') });
    fixture.receive(source, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1' }));
    fixture.receive(source, announcement(['10.2.0.0/16'], { nextHop: '198.51.100.1' }));
    expect(fixture.routes().map(({ prefix }) => prefix)).toEqual(['10.1.0.0/16']);
    expect(receiver.output.prefixes).toEqual([]);
    fixture.rib.setLinks(links('bond0'));
    fixture.settle();
    expect(receiver.output.prefixes).toEqual(['10.1.0.0/16']);
    fixture.rib.setLinks(links('bond1'));
    fixture.settle();
    expect([fixture.routes(), receiver.output.prefixes]).toEqual([[], []]);
    fixture.expectNothingLeft();
  });

  test('is that of the route by which the next hop is resolved, where one is', () => {
    const fixture = new RibFixture();
    fixture.rib.setLinks(links('eth0'));
    fixture.rib.setNextHops([{ prefix: '0.0.0.0/0', metric: 1, interfaceName: 'wan' }]);
    const source = fixture.up(1, { importPolicy: only('wan') });
    fixture.receive(source, announcement(['10.1.0.0/16'], { nextHop: '192.0.2.1' }));
    expect(fixture.routes()).toHaveLength(1);
  });

  test('a route of our own has none', () => {
    const fixture = new RibFixture();
    fixture.rib.setLinks(links('eth0'));
    const receiver = fixture.up(2, { exportPolicy: only('*') });
    fixture.rib.setOriginated([{ prefix: '10.1.0.0/16', localPref: 100, communities: [] }]);
    fixture.settle();
    expect(receiver.output.prefixes).toEqual([]);
  });
});

function uint32Octets(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

function largeCommunities(texts: readonly string[]): Buffer {
  const octets = texts.flatMap((text) => text.split(':').flatMap((part) => uint32Octets(Number(part))));
  return attribute(0xc0, 32, Buffer.from(octets));
}
