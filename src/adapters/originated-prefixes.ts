/** What the agent announces (prefixes) → what the speaker originates (prefixes with attributes). */
import type { OriginatedPrefix } from '@manul/bgp';
import { type NodeConfig, originatedPrefix, type RenderedOriginated } from '@manul/config';

/** Reasons whose prefixes never enter the kernel, so that the agent does not know them. */
const NOT_OF_THE_AGENT: readonly RenderedOriginated['reason'][] = ['service'];

/**
 * @param prefixes canonical, as the agent reports them
 * @param rendered from the resources of now: it has the attributes, and what is no matter of the agent
 */
export function originatedPrefixes(
  prefixes: readonly string[],
  rendered: NodeConfig['rendered'],
): readonly OriginatedPrefix[] {
  const others = rendered.originated
    .filter(({ reason }) => NOT_OF_THE_AGENT.includes(reason))
    .map(({ prefix }) => prefix);
  return [...new Set([...prefixes, ...others])].map((prefix) => originatedPrefix(rendered, prefix));
}
