/** The command line of the demo. */
import { parseArgs } from 'node:util';

export type Mode = 'processes' | 'namespaces';
export type Router = 'frr' | 'manul';

export interface DemoOptions {
  /** End with status 0 once all has been shown, instead of staying up until Ctrl-C. */
  readonly exit: boolean;
  /** Null: whatever this machine can do. */
  readonly mode: Mode | null;
  /** What plays the top-of-rack router; null: FRR where it is installed. */
  readonly router: Router | null;
  readonly help: boolean;
}

export const USAGE = `npm run demo [-- OPTIONS]

Without root: a route reflector and three nodes, processes on loopback addresses.
With root, iproute2 and network namespaces: pods on three nodes behind a top-of-rack router.

  --exit                        end once all has been shown; default: stay up until Ctrl-C
  --mode processes|namespaces   default: namespaces where this machine can, else processes
  --tor frr|manul               the top-of-rack router of namespaces; default: FRR where it is installed
  --help                        this text
`;

/** @throws Error saying what is wrong with the words */
export function readOptions(words: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      exit: { type: 'boolean', default: false },
      mode: { type: 'string' },
      tor: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return {
    exit: values.exit,
    mode: choice('--mode', values.mode, ['processes', 'namespaces']),
    router: choice('--tor', values.tor, ['frr', 'manul']),
    help: values.help,
  };
}

function choice<T extends string>(flag: string, text: string | undefined, known: readonly T[]): T | null {
  if (text === undefined) return null;
  const found = known.find((word) => word === text);
  if (found === undefined) throw new Error(`${flag}: "${text}" is neither ${known.join(' nor ')}`);
  return found;
}
