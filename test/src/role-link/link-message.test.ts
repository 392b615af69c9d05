import {
  checkHello,
  decodeMessage,
  encodeMessage,
  LINK_VERSION,
  type LinkMessage,
} from '../../../src/role-link/link-message.ts';

const MESSAGES: readonly LinkMessage[] = [
  { type: 'hello', version: LINK_VERSION, node: 'node-1' },
  {
    type: 'routes',
    family: 'ipv4',
    changes: [
      ['10.0.0.0/26', '192.0.2.1'],
      ['10.0.1.0/26', null],
      ['10.0.2.0/26', '192.0.2.1', '192.0.2.2'],
    ],
  },
  { type: 'endOfRib', family: 'ipv6' },
  { type: 'originated', prefixes: ['10.0.0.0/26', 'fd00::/122'] },
  {
    type: 'nextHops',
    routes: [
      ['10.0.0.0/24', 0, 'eth0'],
      ['0.0.0.0/0', 100, null],
      ['192.0.2.0/24', 5, false],
    ],
  },
  { type: 'nextHops', routes: null },
];

test.each(MESSAGES)('$type survives the way over the wire', (message) => {
  const line = encodeMessage(message);
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(decodeMessage(line)).toEqual(message);
});

test.each([
  [
    'other next hops of a route that is gone',
    '{"type":"routes","family":"ipv4","changes":[["10.0.0.0/26",null,"::"]]}',
  ],
  ['no JSON', 'x'],
  ['no object', '7'],
  ['no type', '{}'],
  ['an unknown type', '{"type":"drop-table"}'],
  ['hello without a node', '{"type":"hello","version":1}'],
  ['an unknown family', '{"type":"endOfRib","family":"ipx"}'],
  ['routes without changes', '{"type":"routes","family":"ipv4"}'],
  ['a route that is no pair', '{"type":"routes","family":"ipv4","changes":[["10.0.0.0/8"]]}'],
  ['a next hop that is no text', '{"type":"routes","family":"ipv4","changes":[["10.0.0.0/8",7]]}'],
  ['nextHops without routes', '{"type":"nextHops"}'],
  ['a way without metric', '{"type":"nextHops","routes":[["10.0.0.0/8","eth0"]]}'],
  ['originated without prefixes', '{"type":"originated"}'],
  ['an originated prefix with host bits', '{"type":"originated","prefixes":["10.0.0.1/8"]}'],
])('%s is refused', (_, line) => {
  expect(() => decodeMessage(line)).toThrow();
});

test('ends of different nodes or versions do not talk', () => {
  expect(() => checkHello({ type: 'hello', version: LINK_VERSION, node: 'a' }, 'b')).toThrow(/of node "a"/);
  expect(() => checkHello({ type: 'hello', version: 9, node: 'b' }, 'b')).toThrow(/version 9/);
  expect(() => checkHello({ type: 'endOfRib', family: 'ipv4' }, 'b')).toThrow(/not hello/);
});
