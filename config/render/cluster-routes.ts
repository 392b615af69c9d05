/**
 * Which classes of routes inside pools are written. In Calico two daemons share the work, each told by its own
 * `programClusterRoutes`; here one agent writes, and a class is written when either resource says so.
 */
import type { AgentConfig } from '@manul/felix-like';
import type { FelixConfiguration } from '../schema/resource-set.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedPool } from './rendered-node.ts';

type Setting = NonNullable<FelixConfiguration['spec']['programClusterRoutes']>;

const IPIP: readonly Setting[] = ['Enabled', 'EnabledIPIPOnly'];
const NO_ENCAPSULATION: readonly Setting[] = ['Enabled', 'EnabledNoEncapOnly'];
const FIELD = 'spec.programClusterRoutes';

export function programmedClasses(
  context: RenderContext,
  felix: FelixConfiguration['spec'],
  pools: readonly RenderedPool[],
): AgentConfig['programmed'] {
  const settings = [
    felix.programClusterRoutes ?? 'EnabledIPIPOnly',
    context.settings.cluster.programClusterRoutes ?? 'EnabledNoEncapOnly',
  ];
  const programmed = {
    ipip: settings.some((setting) => IPIP.includes(setting)),
    noEncapsulation: settings.some((setting) => NO_ENCAPSULATION.includes(setting)),
  };
  for (const { encapsulation, resource } of pools) {
    const isIpip = encapsulation.startsWith('ipip');
    if (encapsulation.startsWith('vxlan') || (isIpip ? programmed.ipip : programmed.noEncapsulation))
      continue;
    const routes = isIpip ? 'over IPIP' : 'without encapsulation';
    const text = `is off for routes ${routes}, here and in FelixConfiguration: those of ${resource} are not written`;
    context.warnings.add('BGPConfiguration/default', FIELD, text);
  }
  return programmed;
}
