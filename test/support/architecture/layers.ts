/**
 * The import matrix: which part of the sources may use which. Paths are relative to the repository; the longest
 * matching `path` decides, so a folder may be stricter or freer than the one around it.
 *
 * One deliberate difference to the usual "types only" towards `bgp/packet`: the UPDATE path (`path` to
 * `update-group`) may also use its values. Attribute codes, canonical attribute blocks and the UPDATE writer are
 * what those layers index, intern and encode with; `bgp/packet` is pure, so nothing impure comes in with them.
 */

export interface Layer {
  /** A folder with a trailing slash, or one file. */
  readonly path: string;
  /** Folders and files, or packages, of which values may be imported; `*` ends a prefix. Itself is always allowed. */
  readonly values: readonly string[];
  /** The same, for imports of types alone. */
  readonly types?: readonly string[];
  /** No clock, timers, randomness or process state: those come in as parameters. */
  readonly pure?: boolean;
}

/** Types that describe a speaker to everyone inside `bgp`: its configuration and status. */
const SPEAKER_CONTRACT = [
  'bgp/speaker/route-explanation.ts',
  'bgp/speaker/speaker-api.ts',
  'bgp/speaker/speaker-config.ts',
  'bgp/speaker/speaker-status.ts',
];
const NET = '@manul/bgp/net';
const EVERYTHING = ['*'];

export const LAYERS: readonly Layer[] = [
  { path: 'bgp/net/', values: ['ip-address'], pure: true },
  { path: 'bgp/packet/', values: ['bgp/net/'], pure: true },
  { path: 'bgp/packet/wire-reader.ts', values: ['bgp/net/', 'bgp/packet/', 'smart-buffer'], pure: true },
  { path: 'bgp/packet/wire-writer.ts', values: ['bgp/net/', 'bgp/packet/', 'smart-buffer'], pure: true },
  { path: 'bgp/fsm/', values: ['bgp/net/'], types: ['bgp/packet/'], pure: true },
  { path: 'bgp/path/', values: ['bgp/net/', 'bgp/packet/'], pure: true },
  {
    path: 'bgp/decision/',
    values: ['bgp/net/', 'bgp/packet/', 'bgp/path/'],
    types: SPEAKER_CONTRACT,
    pure: true,
  },
  {
    path: 'bgp/policy/',
    values: ['bgp/net/', 'bgp/packet/', 'bgp/path/', 'bgp/decision/'],
    types: SPEAKER_CONTRACT,
    pure: true,
  },
  {
    path: 'bgp/rib/',
    values: ['bgp/net/', 'bgp/packet/', 'bgp/path/', 'bgp/decision/', 'bgp/policy/'],
    types: SPEAKER_CONTRACT,
    pure: true,
  },
  {
    path: 'bgp/update-group/',
    values: ['bgp/net/', 'bgp/packet/', 'bgp/path/', 'bgp/decision/', 'bgp/policy/', 'bgp/rib/'],
    types: SPEAKER_CONTRACT,
    pure: true,
  },
  {
    path: 'bgp/speaker/',
    values: [
      'bgp/*',
      'node:net',
      'node:timers',
      'node:timers/promises',
      'node:os',
      'node:perf_hooks',
      'node:util',
    ],
  },
  {
    path: 'bgp/speaker/socket/',
    values: ['bgp/net/', 'node:fs', 'node:net', 'node:util', 'koffi'],
    types: ['bgp/*'],
  },
  { path: 'bgp/', values: ['bgp/*'] },

  {
    path: 'felix-like/calc/',
    values: [NET, 'felix-like/agent-api.ts', 'felix-like/prefix/'],
    types: ['felix-like/routetable/'],
    pure: true,
  },
  {
    path: 'felix-like/routetable/',
    values: [NET, 'felix-like/prefix/'],
    types: ['felix-like/agent-api.ts', 'felix-like/calc/', 'felix-like/kernel/'],
    pure: true,
  },
  {
    path: 'felix-like/dataplane/',
    values: [NET, 'felix-like/prefix/', 'felix-like/routetable/'],
    types: ['felix-like/agent-api.ts', 'felix-like/host-api.ts', 'felix-like/calc/', 'felix-like/kernel/'],
  },
  {
    path: 'felix-like/kernel/',
    values: [NET, 'felix-like/prefix/', 'node:*', 'koffi'],
    types: ['felix-like/agent-api.ts'],
  },
  { path: 'felix-like/prefix/', values: [NET], pure: true },
  { path: 'felix-like/autodetect/', values: [NET], pure: true },
  {
    path: 'felix-like/mtu/',
    values: [NET],
    types: ['felix-like/agent-api.ts', 'felix-like/host-api.ts'],
    pure: true,
  },
  {
    path: 'felix-like/nft/',
    values: [NET, 'felix-like/kernel/command-port.ts'],
    types: ['felix-like/agent-api.ts', 'felix-like/host-api.ts'],
  },
  {
    path: 'felix-like/cni/',
    values: [NET, 'node:*'],
    types: ['felix-like/agent-api.ts', 'felix-like/kernel/', 'felix-like/dataplane/'],
  },
  { path: 'felix-like/', values: [NET, 'felix-like/*'] },

  { path: 'config/schema/', values: [NET, 'zod'], pure: true },
  {
    path: 'config/render/',
    values: [NET, 'config/schema/'],
    types: ['@manul/bgp', '@manul/felix-like', 'config/config-api.ts'],
    pure: true,
  },
  // pure, too, but it takes its module at the first call
  { path: 'config/render/digest.ts', values: [] },
  {
    path: 'config/datastore/',
    values: ['config/schema/', 'node:*', 'yaml', '@kubernetes/client-node'],
    types: [NET, 'config/config-api.ts'],
  },
  {
    path: 'config/datastore/kubernetes/node-annotations.ts',
    values: [NET, 'config/schema/', 'node:crypto'],
    types: ['config/datastore/kubernetes/'],
    pure: true,
  },
  { path: 'config/', values: [NET, 'config/*', 'yaml'], types: ['@manul/bgp', '@manul/felix-like'] },

  { path: 'src/', values: EVERYTHING },

  // The harness and the benchmarks are evidence from outside: they share no code with what they test.
  { path: 'test/harness/', values: ['test/support/', 'node:*'] },
  // The stages of the hot path one at a time: nothing but the insides will do.
  { path: 'test/bench/micro/', values: ['bgp/', 'src/output/', 'test/bench/', 'test/bgp/', 'node:*'] },
  // One part of it is about the agent alone, without a daemon around it.
  {
    path: 'test/bench/kernel/',
    values: ['@manul/felix-like', 'test/bench/', 'test/harness/', 'test/support/', 'node:*', 'koffi'],
  },
  { path: 'test/bench/', values: ['test/harness/', 'test/support/', 'node:*'] },
  { path: 'test/interop/', values: ['test/harness/', 'test/support/', 'node:*'] },
  {
    path: 'test/e2e/kubernetes/granted-calls.ts',
    values: ['@manul/config/cluster'],
    types: ['test/harness/'],
  },
  { path: 'test/e2e/', values: ['test/harness/', 'test/support/', 'node:*', 'yaml'] },
];

/** Packages that one part alone may use, in addition to the matrix. */
export const EXCLUSIVE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  yargs: ['src/'],
  'prom-client': ['src/'],
  koffi: ['bgp/speaker/socket/', 'felix-like/kernel/', 'test/'],
  '@kubernetes/client-node': ['config/datastore/', 'test/'],
};
