import { ClaimTable } from '../../../felix-like/calc/claim-table.ts';
import { PrefixKey } from '../../../felix-like/prefix/prefix-key.ts';

function dirtyPrefixes(claims: ClaimTable): string[] {
  const taken: number[] = [];
  for (let claim = claims.takeDirty(); claim >= 0; claim = claims.takeDirty()) taken.push(claim);
  const prefixes = taken.map((claim) => claims.readPrefix(claim, new PrefixKey()).text());
  for (const claim of taken) claims.releaseUnclaimed(claim);
  return prefixes;
}

function learn(claims: ClaimTable, prefix: string, nextHop: string | null): void {
  claims.change({ family: prefix.includes(':') ? 'ipv6' : 'ipv4', prefix, nextHop });
}

describe('learnt routes', () => {
  let claims: ClaimTable;

  beforeEach(() => {
    claims = new ClaimTable();
    claims.startStream();
    learn(claims, '10.1.0.0/26', '10.0.0.2');
    learn(claims, '10.2.0.0/26', '10.0.0.3');
    learn(claims, 'fd00:1::/64', 'fd99::2');
    dirtyPrefixes(claims);
  });

  test('a change of the next hop must be settled, a repetition not', () => {
    learn(claims, '10.1.0.0/26', '10.0.0.2');
    learn(claims, '10.2.0.0/26', '10.0.0.9');
    expect(dirtyPrefixes(claims)).toEqual(['10.2.0.0/26']);
    expect(claims.learntWay('10.2.0.0/26')?.nextHops).toEqual(['10.0.0.9']);
  });

  test('several next hops are one way, whichever route has them', () => {
    const nextHops = ['10.0.0.2', '10.0.0.3'];
    const family = 'ipv4';
    claims.change({ family, prefix: '10.1.0.0/26', nextHop: '10.0.0.2', nextHops });
    claims.change({ family, prefix: '10.2.0.0/26', nextHop: '10.0.0.2', nextHops: [...nextHops] });
    expect(dirtyPrefixes(claims)).toEqual(['10.1.0.0/26', '10.2.0.0/26']);
    expect(claims.learntWay('10.1.0.0/26')?.nextHops).toEqual(nextHops);
    expect(claims.learntWay('10.2.0.0/26')).toBe(claims.learntWay('10.1.0.0/26'));
    claims.change({ family, prefix: '10.1.0.0/26', nextHop: '10.0.0.2' });
    expect(dirtyPrefixes(claims)).toEqual(['10.1.0.0/26']);
  });

  test('a withdrawn route is gone; the withdrawal of one that is not known is nothing', () => {
    learn(claims, '10.1.0.0/26', null);
    learn(claims, '10.9.0.0/26', null);
    expect(dirtyPrefixes(claims)).toEqual(['10.1.0.0/26']);
    expect([claims.learntWay('10.1.0.0/26'), claims.learntCount]).toEqual([null, 2]);
  });

  test('a prefix that changes twice before it is settled is settled once', () => {
    learn(claims, '10.1.0.0/26', null);
    learn(claims, '10.1.0.0/26', '10.0.0.7');
    expect(dirtyPrefixes(claims)).toEqual(['10.1.0.0/26']);
  });

  test('what a new stream does not repeat stays until the stream is complete', () => {
    claims.startStream();
    learn(claims, '10.1.0.0/26', '10.0.0.2');
    expect([claims.learntCount, dirtyPrefixes(claims)]).toEqual([3, []]);
    claims.completeStream('ipv4');
    expect(dirtyPrefixes(claims)).toEqual(['10.2.0.0/26']);
    expect(claims.learntWay('10.1.0.0/26')?.nextHops).toEqual(['10.0.0.2']);
    expect(claims.learntWay('fd00:1::/64')?.nextHops).toEqual(['fd99::2']);
  });

  test('each family is complete by itself, and incomplete again in a new stream', () => {
    claims.completeStream('ipv4');
    expect([claims.isComplete('ipv4'), claims.isComplete('ipv6')]).toEqual([true, false]);
    claims.startStream();
    expect(claims.isComplete('ipv4')).toBe(false);
  });

  test('what two streams in a row did not repeat goes with the second', () => {
    claims.startStream();
    claims.startStream();
    claims.completeStream('ipv4');
    claims.completeStream('ipv6');
    expect(claims.learntCount).toBe(0);
  });

  test('columns say the same as texts do', () => {
    const columns = {
      family: 'ipv4',
      count: 3,
      words: Int32Array.of(0x0a010000, 0x0a020000, 0x0a030000),
      lengths: Uint8Array.of(26, 26, 24),
      ways: Int32Array.of(0, -1, 1),
      nextHops: [['10.0.0.2'], ['10.0.0.3', '10.0.0.4']],
    } as const;
    claims.changeColumns(columns, 0, 2);
    expect([dirtyPrefixes(claims), claims.learntCount]).toEqual([['10.2.0.0/26'], 2]);
    claims.changeColumns(columns, 2, 3);
    expect(dirtyPrefixes(claims)).toEqual(['10.3.0.0/24']);
    expect(claims.learntWay('10.3.0.0/24')?.nextHops).toEqual(['10.0.0.3', '10.0.0.4']);
    const six = { ...columns, family: 'ipv6', words: Int32Array.of(0xfd000001 | 0, 0, 0, 0) } as const;
    claims.changeColumns({ ...six, lengths: Uint8Array.of(64), ways: Int32Array.of(-1) }, 0, 1);
    expect(dirtyPrefixes(claims)).toEqual(['fd00:1::/64']);
  });

  test('the ways in use are those of the routes', () => {
    learn(claims, '10.2.0.0/26', '10.0.0.2');
    expect([...claims.waysInUse()].map(({ key }) => key)).toEqual(['10.0.0.2', 'fd99::2']);
  });
});
