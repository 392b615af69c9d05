/** The rules that hold the folders apart: who may import whom, how long a file may be, what the lock file names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkImports } from './support/architecture/check-imports.ts';
import { importCircles } from './support/architecture/import-circles.ts';
import { LAYERS } from './support/architecture/layers.ts';
import { readImports } from './support/architecture/read-imports.ts';
import { REPOSITORY, sourceFiles } from './support/architecture/source-files.ts';

const MAX_SOURCE_LINES = 600;
/** Generated constants and pure tables may be longer; each with its reason. */
const LONG_FILES: readonly string[] = [
  'test/vectors/update-messages.ts', // octets as other implementations sent them, and nothing else
];

const files = sourceFiles();

describe('the sources', () => {
  test('import only what the matrix allows', () => {
    expect(files.flatMap((file) => checkImports(file.path, file.text))).toEqual([]);
  });

  test('do not import each other in circles', () => {
    expect(importCircles(files)).toEqual([]);
  });

  test(`have at most ${MAX_SOURCE_LINES} lines a file`, () => {
    const long = files
      .filter((file) => !LONG_FILES.includes(file.path))
      .map((file) => ({ path: file.path, lines: file.text.split('\n').length - 1 }))
      .filter((file) => file.lines > MAX_SOURCE_LINES);
    expect(long).toEqual([]);
  });

  test('are named in kebab-case', () => {
    const misnamed = files.filter(
      (file) => !/^(?:[a-z0-9.-]+\/)*[a-z0-9]+(?:[.-][a-z0-9]+)*\.ts$/.test(file.path),
    );
    expect(misnamed.map((file) => file.path)).toEqual([]);
  });

  test('exist in every layer of the matrix that a package needs to work', () => {
    const used = LAYERS.filter((layer) => files.some((file) => file.path.startsWith(layer.path)));
    expect(used.map((layer) => layer.path)).toEqual(
      expect.arrayContaining(['bgp/packet/', 'bgp/fsm/', 'bgp/speaker/', 'config/schema/', 'src/']),
    );
  });
});

describe('the lock file', () => {
  test('names no registry host', () => {
    const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { resolved?: string }>;
    };
    const resolved = Object.values(lock.packages).map((entry) => entry.resolved ?? '');
    expect(resolved.filter((url) => /^\w+:/.test(url))).toEqual([]);
  });
});

describe('the checker itself', () => {
  test('finds circles, and names each file of them', () => {
    const file = (name: string, ...imports: string[]) => ({
      path: `src/${name}.ts`,
      text: imports.map((one) => `import { x } from './${one}.ts';`).join('\n'),
    });
    const files = [file('a', 'b', 'd'), file('b', 'c'), file('c', 'b'), file('d')];
    expect(importCircles(files)).toEqual(['src/b.ts -> src/c.ts -> src/b.ts']);
    expect(importCircles([file('a', 'b', 'd'), file('b', 'd'), file('d')])).toEqual([]);
  });

  test('reads every way of naming a module', () => {
    const source = [
      "import a from './a.ts';",
      "import * as b from 'b';",
      "import type { C } from './c.ts';",
      "import { type D, type E } from './d.ts';",
      "import { type F, g } from './f.ts';",
      'import {',
      '  h,',
      "} from './h.ts';",
      "import './i.ts';",
      "export * from './j.ts';",
      "export type { K } from './k.ts';",
      "const l = await import('./l.ts');",
      "new Worker(new URL('./m.ts', import.meta.url));",
      "// import './comment.ts';",
      "import n, { o } from './n.ts';",
    ].join('\n');
    const types = ['./c.ts', './d.ts', './k.ts'];
    const values = ['./a.ts', 'b', './f.ts', './h.ts', './i.ts', './j.ts', './l.ts', './m.ts', './n.ts'];
    const found = readImports(source);
    expect(found.filter((module) => module.typeOnly).map((module) => module.specifier)).toEqual(types);
    expect(found.filter((module) => !module.typeOnly).map((module) => module.specifier)).toEqual(
      expect.arrayContaining(values),
    );
    expect(found).toHaveLength(types.length + values.length);
  });

  test.each([
    ['a pure layer that reaches the network', 'bgp/rib/x.ts', "import net from 'node:net';"],
    ['a layer that looks to its right', 'bgp/path/x.ts', "import { a } from '../rib/rib-port.ts';"],
    ['a value where only types may come from', 'bgp/fsm/x.ts', "import { a } from '../packet/open.ts';"],
    ['a package that imports src', 'config/x.ts', "import { a } from '../src/main.ts';"],
    ['a deep import of another package', 'src/x.ts', "import { a } from '@manul/bgp/packet/open';"],
    ['a path into another package', 'src/x.ts', "import { a } from '../bgp/packet/open.ts';"],
    ['the agent knowing BGP', 'felix-like/dataplane/x.ts', "import { Speaker } from '@manul/bgp';"],
    ['yargs outside src', 'config/x.ts', "import yargs from 'yargs';"],
    ['prom-client in the speaker', 'bgp/speaker/x.ts', "import { Gauge } from 'prom-client';"],
    ['koffi outside its two folders', 'bgp/speaker/x.ts', "import koffi from 'koffi';"],
    [
      'smart-buffer on the fast path',
      'bgp/packet/update/x.ts',
      "import { SmartBuffer } from 'smart-buffer';",
    ],
    ['I/O in the renderer', 'config/render/x.ts', "import { readFileSync } from 'node:fs';"],
    ['a hidden dynamic import', 'bgp/fsm/x.ts', "const os = await import('node:os');"],
    [
      'a test harness that borrows the codec',
      'test/harness/x.ts',
      "import { a } from '../../bgp/packet/open.ts';",
    ],
    ['a clock in a pure layer', 'bgp/fsm/x.ts', 'const now = Date.now();'],
    ['a timer in a pure layer', 'felix-like/calc/x.ts', 'setTimeout(() => {}, 1);'],
  ])('refuses %s', (_what, path, source) => {
    expect(checkImports(path, source)).toEqual([expect.stringContaining(`${path}: `)]);
  });

  test.each([
    [
      'types of packets in the state machine',
      'bgp/fsm/x.ts',
      "import type { Open } from '../packet/open.ts';",
    ],
    ['value types in the agent', 'felix-like/calc/x.ts', "import { parsePrefix } from '@manul/bgp/net';"],
    ['everything in the executable', 'src/cli/x.ts', "import yargs from 'yargs';"],
    ['koffi in the kernel port', 'felix-like/kernel/x.ts', "import koffi from 'koffi';"],
    ['the clock mentioned in a comment', 'bgp/fsm/x.ts', '// never Date.now() here'],
    [
      'a unit test beside its source',
      'test/bgp/packet/x.test.ts',
      "import { a } from '../../../bgp/packet/open.ts';",
    ],
  ])('accepts %s', (_what, path, source) => {
    expect(checkImports(path, source)).toEqual([]);
  });
});
