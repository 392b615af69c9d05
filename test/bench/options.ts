/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { ALL_REFLECTORS, DEFAULT_REFLECTORS } from './daemons/all-reflectors.ts';
import type { ReflectorKind } from './daemons/reflector.ts';
import { ALL_SCENARIOS } from './scenarios/all-scenarios.ts';
import type { Scenario } from './scenarios/scenario.ts';

export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly daemons: readonly ReflectorKind[];
  /** Play `kernel`, which is about routes in the kernel and not about reflectors. */
  readonly kernel: boolean;
  readonly repeats: number;
  readonly cutSec: number;
  readonly json: boolean;
  /** Ask our own HTTP server while it works, and show how long answers took. */
  readonly probe: boolean;
}

const KERNEL = 'kernel';

export const USAGE = `npm run bench -- [SCENARIO…] [--daemons LIST] [--repeat N] [--cut SECONDS] [--probe] [--json]

Scenarios (default: all):
${ALL_SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join('\n')}
  kernel         10,000 and 100,000 routes from the first UPDATE to the kernel: manul, bird, ip -batch, and our agent alone (root)

Daemons: ${ALL_REFLECTORS.map(({ name }) => name).join(', ')}
  default ${DEFAULT_REFLECTORS.map(({ name }) => name).join(',')}; "ideal" has no RIB and shows what the driver can take,
  "manul-filter" has an export filter on every session
--repeat N      runs of each act, of which medians are shown (default 3)
--cut SECONDS   a phase that takes longer is given up, and its daemon runs once (default 60)
--probe         ask /readyz and /metrics of Manul meanwhile: p99.9 and longest answer, longest of /metrics; and how late its
                event loop was (costs it a little)
--json          one array on standard output
`;

/** @throws Error that says what is wrong with the arguments; null: help is wanted. */
export function readOptions(args: readonly string[]): Options | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      daemons: { type: 'string' },
      repeat: { type: 'string', default: '3' },
      cut: { type: 'string', default: '60' },
      json: { type: 'boolean', default: false },
      probe: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const named = <T extends { readonly name: string }>(all: readonly T[], name: string, what: string): T => {
    const found = all.find((one) => one.name === name);
    if (found === undefined)
      throw new Error(`no ${what} "${name}" (${all.map((one) => one.name).join(', ')})`);
    return found;
  };
  const daemonNames = values.daemons?.split(',') ?? DEFAULT_REFLECTORS.map(({ name }) => name);
  const all = [...ALL_SCENARIOS.map(({ name }) => name), KERNEL];
  const scenarioNames = positionals.length > 0 ? positionals : all;
  return {
    scenarios: scenarioNames
      .filter((name) => name !== KERNEL)
      .map((name) => named(ALL_SCENARIOS, name, 'scenario')),
    kernel: scenarioNames.includes(KERNEL),
    daemons: daemonNames.map((name) => named(ALL_REFLECTORS, name, 'daemon')),
    repeats: positive(values.repeat, '--repeat'),
    cutSec: positive(values.cut, '--cut'),
    json: values.json,
    probe: values.probe,
  };
}

function positive(text: string, flag: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0)
    throw new Error(`${flag} must be a positive number, not "${text}"`);
  return number;
}
