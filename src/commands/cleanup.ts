/** `manul cleanup`: takes everything of ours off this node, and says what. */
import { type CleanupItem, cleanUpNode, createHostCommands, createLinuxKernel } from '@manul/felix-like';
import type { CommandContext } from '../cli/command.ts';
import { CommandError, usageError } from '../cli/command-error.ts';
import { hasNetAdmin } from '../daemon/capabilities.ts';
import { forgetSpeakerRun } from '../daemon/restart-marker.ts';
import { writeValue } from '../output/format.ts';
import { type Column, formatTable } from '../output/table.ts';
import { agentClient, controlClient, outputFormat, unlessAbsent } from './connect.ts';

/** Calico's, and ours unless FelixConfiguration says otherwise. */
const ROUTE_PROTOCOL = '80';
const INTERFACE_PREFIX = 'cali';

/** @throws CommandError while a daemon runs, and when something could not be removed */
export async function cleanup(context: CommandContext): Promise<void> {
  const { arguments: raw } = context;
  const routeProtocol = readProtocol(raw.text('route-protocol') ?? ROUTE_PROTOCOL);
  if (!hasNetAdmin()) throw new CommandError('cleanup needs CAP_NET_ADMIN: run as root');
  if (!raw.isOn('force')) await requireStopped(context);
  const items = await cleanUpNode({
    kernel: createLinuxKernel(),
    commands: createHostCommands(),
    cni: {
      binFolder: raw.text('cni-bin-dir') ?? '/opt/cni/bin',
      configFolder: raw.text('cni-conf-dir') ?? '/etc/cni/net.d',
      stateFolder: raw.text('state-dir') ?? '/var/lib/manul',
    },
    routeProtocol,
    interfacePrefixes: (raw.text('interface-prefix') ?? INTERFACE_PREFIX).split(','),
  });
  forgetSpeakerRun(controlClient(context).path);
  await writeValue(process.stdout, outputFormat(raw), items, () => itemTable(items));
  const failed = items.filter(({ error }) => error !== null);
  if (failed.length > 0) throw new CommandError(`not everything could be removed: ${failed.length} left`);
}

function readProtocol(text: string): number {
  const protocol = Number(text);
  if (/^\d{1,3}$/.test(text) && protocol >= 1 && protocol <= 255) return protocol;
  throw usageError(`--route-protocol: "${text}" is no number from 1 to 255`);
}

/** A running daemon would put everything back. */
async function requireStopped(context: CommandContext): Promise<void> {
  const client = controlClient(context);
  for (const one of [client, agentClient(client)]) {
    if ((await unlessAbsent(one.get('/api/v1/status'))) === null) continue;
    throw new CommandError(
      `a daemon runs at ${one.path} and would put everything back: stop it first, or use --force`,
    );
  }
}

function itemTable(items: readonly CleanupItem[]): string {
  return items.length === 0 ? 'Nothing of ours is on this node.\n' : formatTable(COLUMNS, items);
}

const COLUMNS: readonly Column<CleanupItem>[] = [
  { title: 'KIND', value: ({ kind }) => KINDS[kind] },
  { title: 'OBJECT', value: ({ object }) => object },
  { title: 'RESULT', value: ({ error }) => error ?? 'removed' },
];

const KINDS: Readonly<Record<CleanupItem['kind'], string>> = {
  file: 'file',
  forwardRule: 'forward rule',
  nftables: 'nftables',
  route: 'route',
  link: 'link',
  address: 'address',
};
