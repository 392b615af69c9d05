/**
 * Takes everything of ours off this node, without an agent: what is ours is told by the kernel itself (protocol
 * numbers, names, comments) and by the records of what was installed. Parameters of the kernel stay as they are, and
 * so do the interfaces of pods, which belong to the pods.
 */
import { FAMILIES } from '@manul/bgp/net';
import { type CniPaths, removeCniFiles } from '../cni/installed-files.ts';
import { isWorkloadInterface, ownPeeringAddresses } from '../dataplane/peering-addresses.ts';
import type { CommandPort } from '../kernel/command-port.ts';
import type {
  KernelLink,
  KernelPort,
  KernelRoute,
  ObjectOperation,
  OperationFailure,
} from '../kernel/kernel-port.ts';
import { HostForward } from '../nft/host-forward.ts';
import { NftDriver, NftMissing } from '../nft/nft-driver.ts';
import { nftScript } from '../nft/nft-script.ts';
import { TABLE } from '../nft/nft-table.ts';
import { Ownership } from '../routetable/ownership.ts';
import { MAIN_TABLE } from '../routetable/route-key.ts';

export interface CleanupParts {
  readonly kernel: KernelPort;
  readonly commands: CommandPort;
  readonly cni: Omit<CniPaths, 'programFolder' | 'socketPath'>;
  /** Number of our routes. */
  readonly routeProtocol: number;
  /** Prefixes of names of workload interfaces: of shared protocol numbers, routes over these are ours. */
  readonly interfacePrefixes: readonly string[];
}

export interface CleanupItem {
  readonly kind: 'file' | 'forwardRule' | 'nftables' | 'route' | 'link' | 'address';
  readonly object: string;
  /** Why it could not be removed; null: it is gone. */
  readonly error: string | null;
}

const IPIP_DEVICE = 'tunl0';
const IPIP_COUNTER = 'ipip_accepted';
const VXLAN_DEVICES: readonly string[] = ['vxlan.calico', 'vxlan-v6.calico'];
const BATCH_SIZE = 500;

/** @throws Error when the kernel cannot be opened (no permission); nothing is removed then */
export async function cleanUpNode(parts: CleanupParts): Promise<readonly CleanupItem[]> {
  const { kernel } = parts;
  await kernel.open({ onEvents: () => {}, onEventsLost: () => {}, onBroken: () => {} });
  try {
    const items: CleanupItem[] = [];
    // First what brings new pods here, last what their packets need.
    items.push(...(await removeFiles(parts)));
    const nftables = await removeNftables(parts);
    items.push(...nftables.items);
    const routes = await ownRoutes(parts);
    const links = await kernel.dumpLinks();
    const tunnel = links.find(({ name }) => name === IPIP_DEVICE);
    const usesTunnel =
      nftables.hadIpip ||
      routes.some(({ target }) => target.nextHops.some((hop) => hop.interfaceIndex === tunnel?.index));
    items.push(...(await removeRoutes(parts, routes)));
    const operations: (readonly [CleanupItem['kind'], string, ObjectOperation])[] = [];
    for (const { name, index, kind } of links) {
      if (!VXLAN_DEVICES.includes(name) || kind !== 'vxlan') continue;
      operations.push(['link', name, { kind: 'link', op: 'delete', interfaceIndex: index }]);
    }
    if (tunnel !== undefined && usesTunnel) operations.push(...(await tunnelAddresses(kernel, tunnel.index)));
    operations.push(...(await peeringAddresses(parts, links)));
    const failures = await kernel.applyObjects(operations.map(([, , operation]) => operation));
    items.push(...operations.map(([kind, object], i) => ({ kind, object, error: errorAt(failures, i) })));
    return items;
  } finally {
    await kernel.close();
  }
}

async function removeFiles({ cni }: CleanupParts): Promise<CleanupItem[]> {
  try {
    const paths = await removeCniFiles(cni);
    return paths.map((object) => ({ kind: 'file', object, error: null }));
  } catch (error) {
    return [{ kind: 'file', object: 'files of the CNI plugin', error: (error as Error).message }];
  }
}

async function removeNftables({
  commands,
}: CleanupParts): Promise<{ readonly items: CleanupItem[]; readonly hadIpip: boolean }> {
  const driver = new NftDriver(commands);
  const object = `table ${TABLE.family} ${TABLE.name}`;
  const items: CleanupItem[] = [];
  let hadIpip = false;
  try {
    const actual = await driver.readTable();
    hadIpip = actual?.counters.has(IPIP_COUNTER) ?? false;
    const script = nftScript(null, actual);
    if (script !== null) {
      await driver.apply(script);
      items.push({ kind: 'nftables', object, error: null });
    }
  } catch (error) {
    const mayBeThere = !(error instanceof NftMissing) || (await hasNftables(commands));
    if (mayBeThere) items.push({ kind: 'nftables', object, error: (error as Error).message });
  }
  const { status, changes } = await new HostForward(driver, commands).apply([]);
  for (const { chain, removed } of changes) {
    items.push({ kind: 'forwardRule', object: `${removed} rules in ${chain}`, error: null });
  }
  for (const { chain, state, text } of status) {
    if (state === 'blocked') items.push({ kind: 'forwardRule', object: `rules in ${chain}`, error: text });
  }
  return { items, hadIpip };
}

/** A kernel without the module has no table of anybody's. */
async function hasNftables(commands: CommandPort): Promise<boolean> {
  return (await commands.run('test', ['-e', '/sys/module/nf_tables']))?.status === 0;
}

async function ownRoutes({ kernel, routeProtocol, interfacePrefixes }: CleanupParts): Promise<KernelRoute[]> {
  const links = new Map((await kernel.dumpLinks()).map(({ index, name }) => [index, name]));
  const ownership = new Ownership({
    protocols: [routeProtocol],
    pools: [],
    isWorkloadInterface: (index) => {
      return interfacePrefixes.some((prefix) => links.get(index)?.startsWith(prefix) === true);
    },
  });
  const routes: KernelRoute[] = [];
  for (const family of FAMILIES) {
    const filter = { family, table: MAIN_TABLE, protocol: routeProtocol, interfaceIndex: null };
    await kernel.dumpRoutes(filter, (part) => {
      for (const route of part) if (ownership.isOurs(route)) routes.push(route);
    });
  }
  return routes;
}

async function removeRoutes(
  { kernel }: CleanupParts,
  routes: readonly KernelRoute[],
): Promise<CleanupItem[]> {
  const items: CleanupItem[] = [];
  for (let start = 0; start < routes.length; start += BATCH_SIZE) {
    const part = routes.slice(start, start + BATCH_SIZE);
    const failures = await kernel.applyRoutes(part.map((route) => ({ op: 'delete', route })));
    part.forEach(({ prefix, metric }, i) => {
      items.push({ kind: 'route', object: `${prefix} metric ${metric}`, error: errorAt(failures, i) });
    });
  }
  return items;
}

/** What pods that speak BGP dial. */
async function peeringAddresses(
  { kernel, interfacePrefixes }: CleanupParts,
  links: readonly KernelLink[],
): Promise<(readonly ['address', string, ObjectOperation])[]> {
  const ofWorkloads = links.filter(({ name }) => isWorkloadInterface(name, interfacePrefixes));
  return ownPeeringAddresses(ofWorkloads, await kernel.dumpAddresses()).map(({ interfaceName, address }) => [
    'address',
    `${address.subnet} on ${interfaceName}`,
    { kind: 'address', op: 'delete', address },
  ]);
}

/** The device itself cannot be deleted: the kernel makes it with its module. */
async function tunnelAddresses(
  kernel: KernelPort,
  index: number,
): Promise<(readonly ['address', string, ObjectOperation])[]> {
  const addresses = await kernel.dumpAddresses();
  return addresses
    .filter(({ interfaceIndex, address, subnet }) => {
      return interfaceIndex === index && !address.includes(':') && subnet === `${address}/32`;
    })
    .map((address) => [
      'address',
      `${address.subnet} on ${IPIP_DEVICE}`,
      { kind: 'address', op: 'delete', address },
    ]);
}

/** What was gone already when it was to be removed is no failure. */
function errorAt(failures: readonly OperationFailure[], index: number): string | null {
  const failure = failures.find((candidate) => candidate.index === index);
  return failure === undefined || ['ESRCH', 'ENODEV', 'EADDRNOTAVAIL'].includes(failure.code)
    ? null
    : failure.text;
}
