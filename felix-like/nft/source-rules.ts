/**
 * Workloads send from addresses that packets would come back to them by, and from what they are allowed beside that.
 * Calico checks this with the same kind of rule, because the kernel's own reverse path filter may be off on a host.
 */
import { FAMILIES, type Family } from '@manul/bgp/net';
import { interfacePattern } from './interface-pattern.ts';
import { type NftRule, setElements } from './nft-table.ts';

/** A workload that may send from addresses of others. */
export interface ForeignSources {
  readonly interfaceName: string;
  readonly prefixes: readonly string[];
}

const IP: Readonly<Record<Family, string>> = { ipv4: 'ip', ipv6: 'ip6' };
/** IPv6 speaks on its link before it has an address, and from addresses that every link has. */
const PASSED_ON_LINK: Readonly<Record<Family, string>> = {
  ipv4: '',
  ipv6: 'ip6 saddr != { ::, fe80::/10 } ',
};

/** @param interfacePrefixes of names of workload interfaces */
export function sourceRules(
  interfacePrefixes: readonly string[],
  foreignSources: readonly ForeignSources[],
): NftRule[] {
  if (interfacePrefixes.length === 0) return [];
  return [
    ...foreignSources.flatMap(allowedRules),
    ...interfacePrefixes.flatMap((prefix) => {
      const from = `iifname ${interfacePattern(`${prefix}+`)}`;
      return FAMILIES.map((family) => ({
        text: `${from} meta nfproto ${family} ${PASSED_ON_LINK[family]}fib saddr . iif oif missing counter name workload_spoofed drop`,
        comment: 'sources that are not the workload',
      }));
    }),
  ];
}

function allowedRules({ interfaceName, prefixes }: ForeignSources): NftRule[] {
  return FAMILIES.flatMap((family) => {
    const elements = setElements(prefixes.filter((text) => text.includes(':') === (family === 'ipv6')));
    if (elements.length === 0) return [];
    const text = `iifname ${interfacePattern(interfaceName)} ${IP[family]} saddr { ${elements.join(', ')} } accept`;
    return [{ text, comment: 'sources that the workload may use' }];
  });
}
