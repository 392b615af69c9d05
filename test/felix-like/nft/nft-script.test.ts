/** The difference between two tables, as a script. What `nft` makes of it is tried in nft-manager.test.ts. */
import { parseTable } from '../../../felix-like/nft/nft-listing.ts';
import { nftScript } from '../../../felix-like/nft/nft-script.ts';
import { type NftTable, ruleComment, setElements } from '../../../felix-like/nft/nft-table.ts';

const RULE = { text: 'ip saddr @pools counter name seen masquerade', comment: 'natOutgoing' };
const TABLE: NftTable = {
  sets: [{ name: 'pools', type: 'ipv4_addr', elements: ['10.244.0.0/16', '10.9.0.1'] }],
  counters: ['seen'],
  chains: [{ name: 'out', type: 'nat', hook: 'postrouting', priority: 99, rules: [RULE] }],
};

/** As `nft -j list table` prints it; `changes` replace or add objects. */
function listing(changes: Readonly<Record<string, object | null>> = {}): string {
  const own = { family: 'inet', table: 'manul' };
  const objects: Record<string, object | null> = {
    set: {
      ...own,
      name: 'pools',
      type: 'ipv4_addr',
      flags: ['interval'],
      elem: [{ prefix: { addr: '10.244.0.0', len: 16 } }, '10.9.0.1'],
    },
    counter: { ...own, name: 'seen', packets: 3, bytes: 180 },
    chain: { ...own, name: 'out', type: 'nat', hook: 'postrouting', prio: 99, policy: 'accept' },
    rule: { ...own, chain: 'out', handle: 8, comment: ruleComment(RULE), expr: [] },
    ...changes,
  };
  const entries = Object.entries(objects).filter(([, object]) => object !== null);
  const nftables = [
    { metainfo: { version: '1.0.6' } },
    { table: { family: 'inet', name: 'manul', handle: 1 } },
    ...entries.map(([kind, object]) => ({ [kind]: object })),
  ];
  return JSON.stringify({ nftables });
}

function scriptFor(changes: Readonly<Record<string, object | null>>): string | null {
  return nftScript(TABLE, parseTable(listing(changes)));
}

const WHOLE = `add table inet manul
add set inet manul pools { type ipv4_addr; flags interval; }
add element inet manul pools { 10.244.0.0/16, 10.9.0.1 }
add counter inet manul seen
add chain inet manul out { type nat hook postrouting priority 99; policy accept; }
add rule inet manul out ip saddr @pools counter name seen masquerade comment "${ruleComment(RULE)}"
`;

test('a table that is not there is made whole', () => {
  expect(nftScript(TABLE, null)).toBe(WHOLE);
});

test('a table as wanted is left alone', () => {
  expect(scriptFor({})).toBeNull();
});

test('a table that nobody wants goes; without one there is nothing to do', () => {
  expect(nftScript(null, parseTable(listing()))).toBe('delete table inet manul\n');
  expect(nftScript(null, null)).toBeNull();
});

test('elements of a set change alone', () => {
  const set = { name: 'pools', type: 'ipv4_addr', flags: ['interval'], elem: ['10.9.0.1', '10.9.0.2'] };
  expect(scriptFor({ set })).toBe(
    'delete element inet manul pools { 10.9.0.2 }\nadd element inet manul pools { 10.244.0.0/16 }\n',
  );
});

test('a range that someone put into a set is taken out again', () => {
  const elem = [{ prefix: { addr: '10.244.0.0', len: 16 } }, '10.9.0.1', { range: ['10.1.0.1', '10.1.0.9'] }];
  const set = { name: 'pools', type: 'ipv4_addr', flags: 'interval', elem };
  expect(scriptFor({ set })).toBe('delete element inet manul pools { 10.1.0.1-10.1.0.9 }\n');
});

const REFILLED = `flush chain inet manul out
add rule inet manul out ip saddr @pools counter name seen masquerade comment "${ruleComment(RULE)}"
`;

test.each<[string, object | null]>([
  ['is missing', null],
  ['has another text', { chain: 'out', handle: 8, comment: 'natOutgoing [00000000]' }],
  ['has no comment', { chain: 'out', handle: 8 }],
])('a chain whose rule %s is filled anew', (_, rule) => {
  expect(scriptFor({ rule })).toBe(REFILLED);
});

test.each<[string, Readonly<Record<string, object | null>>]>([
  ['a set of another type', { set: { name: 'pools', type: 'ipv6_addr', flags: ['interval'] } }],
  ['a set without ranges', { set: { name: 'pools', type: 'ipv4_addr' } }],
  ['no counter', { counter: null }],
  [
    'a chain that drops',
    { chain: { name: 'out', type: 'nat', hook: 'postrouting', prio: 99, policy: 'drop' } },
  ],
  [
    'a chain of another priority',
    { chain: { name: 'out', type: 'nat', hook: 'postrouting', prio: 100, policy: 'accept' } },
  ],
  ['a map', { map: { name: 'm', type: 'ipv4_addr', map: 'verdict' } }],
])('a table with %s is made anew, at one stroke', (_, changes) => {
  expect(scriptFor(changes)).toBe(`delete table inet manul\n${WHOLE}`);
});

test('elements: host prefixes are addresses, and nothing lies inside another', () => {
  const texts = [
    '10.1.0.0/16',
    '10.0.0.0/8',
    '192.0.2.1/32',
    '10.200.0.7',
    '192.0.2.0/31',
    'x',
    '11.0.0.9/8',
  ];
  expect(setElements(texts)).toEqual(['10.0.0.0/8', '11.0.0.0/8', '192.0.2.0/31']);
  expect(setElements(['fd00::1/128', 'fd00:0:0:1::/64', 'fd00::1'])).toEqual(['fd00::1', 'fd00:0:0:1::/64']);
});

test('what nft never prints is an error, not a table', () => {
  expect(() => parseTable('{}')).toThrow('nft printed no list of objects');
  expect(() => parseTable('<html>')).toThrow(SyntaxError);
});
