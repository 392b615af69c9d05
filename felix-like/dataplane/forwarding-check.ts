/** Looks whether this node forwards packets of workloads at all: parameters that are not ours to set, and routes. */
import type { AgentConfig } from '../agent-api.ts';
import type { ForwardingStatus } from '../host-api.ts';
import type { KernelLink, KernelPort } from '../kernel/kernel-port.ts';
import type { Logger } from './logger.ts';

const IPV4_KEY = 'net/ipv4/ip_forward';
const IPV6_KEY = 'net/ipv6/conf/all/forwarding';
const RP_FILTER_KEY = rpFilterKey('all');
/** Gateway of every pod; nobody has the address. */
const POD_GATEWAY = '169.254.1.1';
/** The address beside it: a route of ours to the gateway itself must not count. */
const BESIDE_POD_GATEWAY = '169.254.1.2';
const NO_WAY = `this node has no default route, so nobody answers pods that ask for their gateway ${POD_GATEWAY}: add one, or a route to that address`;
const RP_FILTERS = ['off', 'strict', 'loose'] as const;
const STRICT = 1;

export class ForwardingCheck {
  readonly #logger: Logger;
  readonly #linkOf: (address: string) => string | null;
  #seen: Omit<ForwardingStatus, 'gatewayInterface'> | null = null;
  #lacksGateway = false;
  #gatewayInterface: string | null = null;
  #told: ReadonlySet<string> = new Set();

  /** @param linkOf name of the link that has an address of this node, or null */
  constructor(logger: Logger, linkOf: (address: string) => string | null) {
    this.#logger = logger;
    this.#linkOf = linkOf;
  }

  /** Null before the first look. */
  get status(): ForwardingStatus | null {
    if (this.#seen === null) return null;
    const isUnanswered = this.#lacksGateway && this.#gatewayInterface === null;
    const problems = isUnanswered ? [...this.#seen.problems, NO_WAY] : this.#seen.problems;
    return { ...this.#seen, problems, gatewayInterface: this.#gatewayInterface };
  }

  /** The kernel does not answer pods for their gateway by itself: it has no way there (proxy_arp). */
  get lacksGateway(): boolean {
    return this.#lacksGateway;
  }

  /** @param name of the link of our route to the gateway of pods; null: there is none */
  setGatewayInterface(name: string | null): void {
    this.#gatewayInterface = name;
    const problems = this.status?.problems ?? [];
    for (const text of problems) if (!this.#told.has(text)) this.#logger.warn(text);
    this.#told = new Set(problems);
  }

  async run(kernel: KernelPort, config: AgentConfig, links: readonly KernelLink[]): Promise<void> {
    const address = config.addresses.ipv4?.address ?? null;
    const link = address === null ? null : this.#linkOf(address);
    const rpFilterKeys = [RP_FILTER_KEY, ...(link === null ? [] : [rpFilterKey(link)])];
    const [ipv4, ipv6, ...rpFilters] = await Promise.all(
      [IPV4_KEY, IPV6_KEY, ...rpFilterKeys].map((key) => kernel.readSysctl(key)),
    );
    this.#lacksGateway =
      needsGateway(config, links) && (await kernel.outgoingLink(BESIDE_POD_GATEWAY)) === null;
    // Of the value for all links and that of a link the greater counts.
    const rpFilter = Math.max(...rpFilters.flatMap((value) => (value === null ? [] : Number(value))));
    const strictKey = rpFilter === STRICT ? rpFilterKeys[rpFilters.indexOf(String(STRICT))]! : null;
    this.#seen = {
      ipv4: ipv4 === '1',
      ipv6: ipv6 === '1',
      rpFilter: RP_FILTERS[rpFilter] ?? null,
      problems: [
        ...offProblems(config, ipv4 ?? null, ipv6 ?? null),
        ...spoofingProblems(config, rpFilters[0] ?? null),
        ...wayBackProblems(config, strictKey),
      ],
    };
  }
}

function rpFilterKey(link: string): string {
  return `net/ipv4/conf/${link}/rp_filter`;
}

/**
 * What pods send to another node itself goes there as it is, and the way back to them is the tunnel: a strict filter
 * lets nothing through that came another way, unless the source has been translated before it left.
 */
function wayBackProblems({ pools, nat, addresses }: AgentConfig, strictKey: string | null): string[] {
  if (strictKey === null) return [];
  const isExcluded = nat.exclusions.includes(addresses.ipv4?.address ?? '');
  const untranslated = pools
    .filter(({ prefix, encapsulation }) => encapsulation !== 'none' && !prefix.includes(':'))
    .filter(({ prefix }) => isExcluded || !nat.sources.includes(prefix));
  if (untranslated.length === 0) return [];
  const names = untranslated.map(({ prefix }) => prefix).join(', ');
  return [
    `the reverse path filter of this node is strict (${dotted(strictKey)} is 1): what pods of ${names} on other nodes send to this node itself is dropped, for the way back to them is a tunnel; 2 (loose) lets it through`,
  ];
}

function dotted(key: string): string {
  return key.replaceAll('/', '.');
}

function offProblems(config: AgentConfig, ipv4: string | null, ipv6: string | null): string[] {
  const hasFamily = (isIpv6: boolean): boolean =>
    config.workloads.some(({ addresses }) => addresses.some((text) => text.includes(':') === isIpv6));
  const text = (name: string): string =>
    `this node does not forward ${name}: nothing but the node itself reaches its workloads`;
  return [
    ...(ipv4 === '0' && hasFamily(false) ? [text('IPv4')] : []),
    ...(ipv6 === '0' && hasFamily(true) ? [text('IPv6')] : []),
  ];
}

/** Of the node's own filter and that of the interface, the stricter counts. */
function spoofingProblems({ workloads }: AgentConfig, rpFilter: string | null): string[] {
  const names = workloads.flatMap(({ name, foreignSources = [] }) =>
    foreignSources.length > 0 ? [name] : [],
  );
  if (rpFilter !== '1' || names.length === 0) return [];
  return [
    `the reverse path filter of this node is strict (${dotted(RP_FILTER_KEY)} is 1): what ${names.join(', ')} may send from other addresses is dropped`,
  ];
}

/** Pods ask for their gateway over IPv4 alone: that of IPv6 is an address of the link. */
function needsGateway({ workloads }: AgentConfig, links: readonly KernelLink[]): boolean {
  const present = new Set(links.map(({ name }) => name));
  return workloads.some(
    ({ interfaceName, addresses }) =>
      present.has(interfaceName) && addresses.some((text) => text.includes('.')),
  );
}
