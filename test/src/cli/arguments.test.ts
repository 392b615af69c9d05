import { readArguments } from '../../../src/cli/arguments.ts';
import { type Flag, RUN_FLAGS, variableOf } from '../../../src/cli/flags.ts';

const FLAGS: readonly Flag[] = [
  { name: 'log-level', kind: 'text', describe: '', choices: ['info', 'debug'] },
  { name: 'node', kind: 'text', describe: '', environmentAliases: ['NODENAME'] },
  { name: 'config', kind: 'paths', describe: '' },
  { name: 'all', kind: 'switch', describe: '' },
];

test('a flag wins over its variable, the variable over its alias', () => {
  const environment = { MANUL_NODE: 'from-variable', NODENAME: 'from-alias' };
  expect(readArguments(FLAGS, { node: 'from-flag' }, environment).text('node')).toBe('from-flag');
  expect(readArguments(FLAGS, {}, environment).text('node')).toBe('from-variable');
  expect(readArguments(FLAGS, {}, { NODENAME: 'from-alias' }).text('node')).toBe('from-alias');
  expect(readArguments(FLAGS, {}, {}).text('node')).toBeUndefined();
});

test('an empty variable counts as unset', () => {
  expect(readArguments(FLAGS, {}, { MANUL_NODE: '', NODENAME: 'b' }).text('node')).toBe('b');
});

test('a list of paths in a variable is separated by colons', () => {
  expect(readArguments(FLAGS, {}, { MANUL_CONFIG: '/a.yaml:/b' }).list('config')).toEqual(['/a.yaml', '/b']);
  expect(readArguments(FLAGS, { config: ['x', 'y'] }, {}).list('config')).toEqual(['x', 'y']);
});

test.each([
  ['true', true],
  ['1', true],
  ['No', false],
])('a switch in a variable may be %s', (text, value) => {
  expect(readArguments(FLAGS, {}, { MANUL_ALL: text }).isOn('all')).toBe(value);
});

test('unknown variables are ignored', () => {
  expect(() => readArguments(FLAGS, {}, { MANUL_PORT: 'tcp://10.0.0.1:80' })).not.toThrow();
});

test.each([
  [{ 'log-level': 'loud' }, {}, '--log-level: "loud" is none of info, debug'],
  [{}, { MANUL_LOG_LEVEL: 'loud' }, 'MANUL_LOG_LEVEL: "loud" is none of info, debug'],
  [{ node: ['a', 'b'] }, {}, '--node is given more than once'],
  [{ node: '' }, {}, '--node needs a value'],
  [{}, { MANUL_ALL: 'perhaps' }, 'MANUL_ALL: "perhaps" is neither true nor false'],
])('wrong values %j %j are wrong usage that names the place', (parsed, environment, message) => {
  expect(() => readArguments(FLAGS, parsed, environment)).toThrow(
    expect.objectContaining({ message, exitCode: 2 }),
  );
});

test('every flag has a variable of its own', () => {
  expect(RUN_FLAGS.map(variableOf)).toContain('MANUL_METRICS_PER_PEER');
  expect(new Set(RUN_FLAGS.map(variableOf)).size).toBe(RUN_FLAGS.length);
});
