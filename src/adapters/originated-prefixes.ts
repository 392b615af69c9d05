/** What the agent announces (prefixes) → what the speaker originates (prefixes with attributes). */
import type { OriginatedPrefix } from '@manul/bgp';
import { contains, type Prefix, parsePrefix } from '@manul/bgp/net';
import type { NodeConfig } from '@manul/config';

/** Calico from 3.32 on: LOCAL_PREF is this minus the route priority. */
const MAX_LOCAL_PREF = 2_147_483_647;

/** Reasons whose prefixes never enter the kernel, so that the agent does not know them. */
const NOT_OF_THE_AGENT: readonly string[] = ['service'];

/**
 * @param prefixes canonical, as the agent reports them
 * @param config rendered from the same resources; an entry that it has for a prefix is taken as it is
 */
export function originatedPrefixes(
  prefixes: readonly string[],
  config: NodeConfig,
): readonly OriginatedPrefix[] {
  const known = new Map(config.speaker.originated.map((entry) => [entry.prefix, entry]));
  const advertisements = config.rendered.communities.flatMap(({ prefix, communities }) => {
    const range = parsePrefix(prefix, { mask: true });
    return range === null ? [] : [{ range, communities }];
  });
  const others = config.rendered.originated
    .filter(({ reason }) => NOT_OF_THE_AGENT.includes(reason))
    .map(({ prefix }) => prefix);
  return [...new Set([...prefixes, ...others])].flatMap((text) => {
    const entry = known.get(text);
    if (entry !== undefined) return [entry];
    const prefix = parsePrefix(text);
    return prefix === null ? [] : [withAttributes(text, prefix, config, advertisements)];
  });
}

interface Advertisement {
  readonly range: Prefix;
  readonly communities: readonly string[];
}

function withAttributes(
  text: string,
  prefix: Prefix,
  config: NodeConfig,
  advertisements: readonly Advertisement[],
): OriginatedPrefix {
  const matching = advertisements.filter(({ range }) => contains(range, prefix));
  return {
    prefix: text,
    localPref: MAX_LOCAL_PREF - config.rendered.routePriority[prefix.family],
    communities: [...new Set(matching.flatMap(({ communities }) => communities))],
  };
}
