/** Looks whether this node forwards packets of workloads at all: parameters that are not ours to set, and routes. */
import type { AgentConfig } from '../agent-api.ts';
import type { ForwardingStatus } from '../host-api.ts';
import type { KernelLink, KernelPort } from '../kernel/kernel-port.ts';
import type { Logger } from './logger.ts';

const IPV4_KEY = 'net/ipv4/ip_forward';
const IPV6_KEY = 'net/ipv6/conf/all/forwarding';
const RP_FILTER_KEY = 'net/ipv4/conf/all/rp_filter';
/** Gateway of every pod; nobody has the address. */
const POD_GATEWAY = '169.254.1.1';
const RP_FILTERS = ['off', 'strict', 'loose'] as const;

export class ForwardingCheck {
  readonly #logger: Logger;
  #status: ForwardingStatus | null = null;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Null before the first look. */
  get status(): ForwardingStatus | null {
    return this.#status;
  }

  async run(kernel: KernelPort, config: AgentConfig, links: readonly KernelLink[]): Promise<void> {
    const [ipv4, ipv6, rpFilter] = await Promise.all(
      [IPV4_KEY, IPV6_KEY, RP_FILTER_KEY].map((key) => kernel.readSysctl(key)),
    );
    const problems = [
      ...offProblems(config, ipv4 ?? null, ipv6 ?? null),
      ...(await gatewayProblems(kernel, config, links)),
      ...spoofingProblems(config, rpFilter ?? null),
    ];
    for (const text of problems) {
      if (this.#status?.problems.includes(text) !== true) this.#logger.warn(text);
    }
    this.#status = {
      ipv4: ipv4 === '1',
      ipv6: ipv6 === '1',
      rpFilter: RP_FILTERS[Number(rpFilter ?? Number.NaN)] ?? null,
      problems,
    };
  }
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
    `the reverse path filter of this node is strict (${RP_FILTER_KEY.replaceAll('/', '.')} is 1): what ${names.join(', ')} may send from other addresses is dropped`,
  ];
}

/** The kernel answers ARP for an address (proxy_arp) only where it has a way there over another interface. */
async function gatewayProblems(
  kernel: KernelPort,
  config: AgentConfig,
  links: readonly KernelLink[],
): Promise<string[]> {
  const present = new Set(links.map(({ name }) => name));
  const needsGateway = config.workloads.some(
    ({ interfaceName, addresses }) =>
      present.has(interfaceName) && addresses.some((text) => text.includes('.')),
  );
  if (!needsGateway || (await kernel.outgoingLink(POD_GATEWAY)) !== null) return [];
  return [
    `this node has no default route, so nobody answers pods that ask for their gateway ${POD_GATEWAY}: add one, or a route to that address`,
  ];
}
