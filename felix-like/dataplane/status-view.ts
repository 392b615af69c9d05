/** What the agent tells about routes: `manul routes --kernel`, and the differences of `manul status`. */
import type { KernelDifference, KernelRouteStatus } from '../agent-api.ts';
import type { RouteCalculator } from '../calc/route-calculator.ts';
import { familyOfPrefix, type KernelRoute } from '../routetable/route-key.ts';
import type { RouteTable } from '../routetable/route-table.ts';
import type { RouteDifference } from '../routetable/route-table-view.ts';

/** The first differences tell what is wrong; a hundred thousand would only make the status unreadable. */
const MAX_DIFFERENCES = 100;

export interface StatusSources {
  readonly calculator: RouteCalculator;
  readonly table: RouteTable;
}

export function listDifferences(sources: StatusSources): readonly KernelDifference[] {
  const differences: KernelDifference[] = [];
  for (const difference of sources.table.view.differences()) {
    if (differences.length === MAX_DIFFERENCES) break;
    const prefix = (difference.desired ?? difference.actual)?.prefix;
    if (prefix === undefined) continue;
    differences.push({ prefix, kind: difference.kind, text: differenceText(difference, sources) });
  }
  for (const [prefix, { text }] of sources.calculator.waiting()) {
    if (differences.length === MAX_DIFFERENCES) break;
    differences.push({ prefix, kind: 'waiting', text: `waits: ${text}` });
  }
  return differences;
}

/** Routes that are desired, those of ours that are not, and those that wait for a link or a next hop. */
export function listKernelRoutes(
  sources: StatusSources,
  settings: { readonly protocol: number; readonly metric: (prefix: string) => number },
): readonly KernelRouteStatus[] {
  const { calculator, table } = sources;
  const lines: KernelRouteStatus[] = [];
  for (const { desired, actual, error } of table.view.routes()) {
    const route = desired ?? actual;
    if (route === null) continue;
    const reason = desired === null ? null : calculator.reasonOf(route.prefix);
    const inSync = desired !== null && table.view.state(route.prefix, route.metric) === 'present';
    const found = inSync || actual === null ? null : describeTarget(actual, calculator);
    lines.push({ ...routeLine(route, calculator), reason, inSync, found, error });
  }
  for (const [prefix, { reason, nextHop, interfaceName, text }] of calculator.waiting()) {
    lines.push({
      prefix,
      family: familyOfPrefix(prefix),
      type: 'unicast',
      nextHop,
      interfaceName,
      nextHops: [],
      metric: settings.metric(prefix),
      protocol: settings.protocol,
      reason,
      inSync: false,
      found: null,
      error: text,
    });
  }
  return lines;
}

function routeLine(
  { prefix, metric, target }: KernelRoute,
  calculator: RouteCalculator,
): Omit<KernelRouteStatus, 'reason' | 'inSync' | 'found' | 'error'> {
  const nextHop = target.nextHops[0];
  const index = nextHop?.interfaceIndex ?? null;
  return {
    prefix,
    family: familyOfPrefix(prefix),
    type: target.type === 'unicast' ? 'unicast' : 'blackhole',
    nextHop: nextHop?.gateway ?? null,
    interfaceName: index === null ? null : calculator.interfaceName(index),
    nextHops:
      target.nextHops.length < 2
        ? []
        : target.nextHops.map(({ gateway, interfaceIndex }) => ({
            address: gateway,
            interfaceName: interfaceIndex === null ? null : calculator.interfaceName(interfaceIndex),
          })),
    metric,
    protocol: target.protocol,
  };
}

function differenceText({ kind, desired, actual, error }: RouteDifference, sources: StatusSources): string {
  const wanted = desired === null ? '' : describeTarget(desired, sources.calculator);
  const found = actual === null ? '' : describeTarget(actual, sources.calculator);
  const suffix = error === null ? '' : `: ${error}`;
  switch (kind) {
    case 'missing':
      return `${wanted} is not in the kernel${suffix}`;
    case 'different':
      return `${found} instead of ${wanted}${suffix}`;
    case 'unexpected':
      return `${found} is in the kernel and not wanted${suffix}`;
    case 'foreign':
      return `${wanted} is wanted; ${found} is ${error ?? 'held by others'}`;
  }
}

/** As `ip route` shows it: `via 10.0.0.2 dev eth0 proto 80`. */
function describeTarget({ target }: KernelRoute, calculator: RouteCalculator): string {
  const nextHops = target.nextHops.map(({ gateway, interfaceIndex }) => {
    const name = interfaceIndex === null ? null : calculator.interfaceName(interfaceIndex);
    return `${gateway === null ? '' : `via ${gateway} `}dev ${name ?? interfaceIndex ?? 'any'}`;
  });
  const type = target.type === 'unicast' ? '' : `${target.type} `;
  return `${type}${nextHops.map((text) => `${text} `).join('')}proto ${target.protocol}`;
}
