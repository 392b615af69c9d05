/**
 * The command line: which commands exist, their flags and help. Each command's own module, with what it
 * needs, is loaded only when it is called, so that help and the short commands start fast.
 */
import yargs, { type Argv } from 'yargs';
import { type Environment, readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { CommandError, ExitCode, usageError } from './command-error.ts';
import {
  CHECK_FLAGS,
  CLEANUP_FLAGS,
  DISABLE_FLAGS,
  DRAIN_FLAGS,
  ENABLE_FLAGS,
  EXPLAIN_FLAGS,
  type Flag,
  PLAN_FLAGS,
  READ_FLAGS,
  RENDER_FLAGS,
  RESET_FLAGS,
  ROUTES_FLAGS,
  RUN_FLAGS,
  variableOf,
} from './flags.ts';

interface CommandSpec {
  /** `name <required> [optional] [more..]` */
  readonly usage: string;
  readonly describe: string;
  readonly flags: readonly Flag[];
  readonly load: () => Promise<Command>;
}

const COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'run',
    describe: 'run the daemon: BGP speaker, node agent, or both',
    flags: RUN_FLAGS,
    load: async () => (await import('../commands/run.ts')).run,
  },
  {
    usage: 'check <path..>',
    describe: 'validate resources without running anything',
    flags: CHECK_FLAGS,
    load: async () => (await import('../commands/check.ts')).check,
  },
  {
    usage: 'render [path..]',
    describe: 'show what a node would run with',
    flags: RENDER_FLAGS,
    load: async () => (await import('../commands/render.ts')).render,
  },
  {
    usage: 'plan <path..>',
    describe: 'show what these resources would change',
    flags: PLAN_FLAGS,
    load: async () => (await import('../commands/plan.ts')).plan,
  },
  {
    usage: 'status',
    describe: 'show how the daemon of this machine is doing',
    flags: READ_FLAGS,
    load: async () => (await import('../commands/status.ts')).status,
  },
  {
    usage: 'peers [name]',
    describe: 'show BGP sessions, or everything about one',
    flags: READ_FLAGS,
    load: async () => (await import('../commands/peers.ts')).peers,
  },
  {
    usage: 'routes [prefix]',
    describe: 'show routes',
    flags: ROUTES_FLAGS,
    load: async () => (await import('../commands/routes.ts')).routes,
  },
  {
    usage: 'explain <route>',
    describe: 'why a route (a prefix, or that of an address) is, or is not, here, best, or with a peer',
    flags: EXPLAIN_FLAGS,
    load: async () => (await import('../commands/explain.ts')).explain,
  },
  {
    usage: 'watch',
    describe: 'follow session and route events',
    flags: READ_FLAGS,
    load: async () => (await import('../commands/watch.ts')).watch,
  },
  {
    usage: 'drain',
    describe: 'take this speaker out of use: graceful shutdown (RFC 8326), then withdraw; sessions stay',
    flags: DRAIN_FLAGS,
    load: async () => (await import('../commands/drain.ts')).drain,
  },
  {
    usage: 'undrain',
    describe: 'end a drain: announce everything again',
    flags: READ_FLAGS,
    load: async () => (await import('../commands/drain.ts')).undrain,
  },
  {
    usage: 'cleanup',
    describe: 'remove everything of Manul from this node: routes, tunnels, nftables, files of the CNI',
    flags: CLEANUP_FLAGS,
    load: async () => (await import('../commands/cleanup.ts')).cleanup,
  },
];

const PEER_COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'reset <name>',
    describe: 'start a session anew, or its routes with --soft',
    flags: RESET_FLAGS,
    load: async () => (await import('../commands/peer-action.ts')).peerAction('reset'),
  },
  {
    usage: 'disable <name>',
    describe: 'end a session and keep it down until it is enabled or the daemon starts again',
    flags: DISABLE_FLAGS,
    load: async () => (await import('../commands/peer-action.ts')).peerAction('disable'),
  },
  {
    usage: 'enable <name>',
    describe: 'let a disabled session come up again',
    flags: ENABLE_FLAGS,
    load: async () => (await import('../commands/peer-action.ts')).peerAction('enable'),
  },
];

/** The library's own words where they do not say what is wrong, and ours. */
const USAGE_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^Not enough non-option arguments: .*$/, 'an argument is missing, see --help of the command'],
  [/^Not enough arguments following: (.*)$/, 'a value is missing behind the flag "$1"'],
];

function usageText(message: string): string {
  return USAGE_TEXTS.reduce((text, [theirs, ours]) => text.replace(theirs, ours), message);
}

/**
 * Parses and executes one command line.
 * @returns the exit code of a command that did what it was asked for
 * @throws CommandError on wrong usage, and whatever the command throws
 */
export async function runProgram(
  words: readonly string[],
  environment: Environment,
  version: string,
): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.Success;
  const onDone = (code: ExitCode): void => {
    exitCode = code;
  };
  const program = yargs([...words])
    .scriptName('manul')
    .usage('$0 COMMAND\n\nBGP route reflector and Calico-style routing agent')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
      'camel-case-expansion': false,
      'boolean-negation': false,
      'greedy-arrays': false,
    })
    .detectLocale(false)
    .exitProcess(false)
    .strictCommands()
    .strict()
    .version(version)
    .help()
    .alias('help', 'h')
    .wrap(110)
    .demandCommand(1, 'a command is missing, see manul --help')
    .fail((message, error) => {
      if (error instanceof CommandError) throw error;
      throw usageError(usageText(message ?? error?.message ?? 'wrong usage'));
    });
  for (const spec of COMMANDS) addCommand(program, spec, environment, onDone);
  program.command('peer', 'act on one session', (nested) => {
    for (const spec of PEER_COMMANDS) addCommand(nested, spec, environment, onDone);
    return nested.demandCommand(1, 'a command is missing, see manul peer --help');
  });
  await program.parseAsync();
  return exitCode;
}

function addCommand(
  program: Argv,
  spec: CommandSpec,
  environment: Environment,
  onDone: (exitCode: ExitCode) => void,
): void {
  program.command(
    spec.usage,
    spec.describe,
    (builder) => {
      for (const flag of spec.flags) addFlag(builder, flag);
      return builder;
    },
    async (parsed) => {
      const context = { arguments: readArguments(spec.flags, parsed, environment), environment };
      const command = await spec.load();
      const exitCode = await command(context);
      onDone(typeof exitCode === 'number' ? exitCode : ExitCode.Success);
    },
  );
}

function addFlag(builder: Argv, flag: Flag): void {
  const notes = [
    flag.choices === undefined ? null : flag.choices.join('|'),
    flag.defaultText === undefined ? null : `default: ${flag.defaultText}`,
    [variableOf(flag), ...(flag.environmentAliases ?? [])].join(', '),
  ].filter((note) => note !== null);
  const describe = `${flag.describe} [${notes.join('; ')}]`;
  const alias = flag.short === undefined ? {} : { alias: flag.short };
  if (flag.kind === 'switch') builder.option(flag.name, { type: 'boolean', describe, ...alias });
  else if (flag.kind === 'paths') {
    builder.option(flag.name, { type: 'string', array: true, requiresArg: true, describe, ...alias });
  } else builder.option(flag.name, { type: 'string', requiresArg: true, describe, ...alias });
}
