/** The ordinary route priority (kernel metric), which BGPConfiguration and FelixConfiguration both name. */
import type { Family } from '@manul/bgp/net';
import { felixSettings } from './felix-settings.ts';
import type { RenderContext } from './render-context.ts';

type Priorities = Readonly<Record<Family, number>>;

const DEFAULT_PRIORITY = 1024;

/** What stands for LOCAL_PREF, and what the agent gives its routes. They differ only where the resources do. */
export function routePriorities(context: RenderContext): {
  readonly bgp: Priorities;
  readonly kernel: Priorities;
} {
  const ipv4 = onePriority(context, 'ipv4NormalRoutePriority');
  const ipv6 = onePriority(context, 'ipv6NormalRoutePriority');
  return { bgp: { ipv4: ipv4.bgp, ipv6: ipv6.bgp }, kernel: { ipv4: ipv4.kernel, ipv6: ipv6.kernel } };
}

function onePriority(context: RenderContext, field: 'ipv4NormalRoutePriority' | 'ipv6NormalRoutePriority') {
  const written = context.settings.cluster[field];
  const felix = felixSettings(context).spec[field];
  if (written !== undefined && felix !== undefined && written !== felix) {
    const text = `is ${written}, but ${felix} in FelixConfiguration: they must agree`;
    context.warnings.add('BGPConfiguration/default', `spec.${field}`, text);
  }
  return { bgp: written ?? felix ?? DEFAULT_PRIORITY, kernel: felix ?? written ?? DEFAULT_PRIORITY };
}
