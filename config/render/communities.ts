/** Communities that `prefixAdvertisements` attach to routes on every session. */
import { formatPrefix, type Prefix } from '@manul/bgp/net';
import { parseCommunity } from '../schema/fields.ts';
import type { RenderContext } from './render-context.ts';

export interface TaggedPrefix {
  readonly prefix: Prefix;
  readonly communities: readonly string[];
  /** The resource and field that say so. */
  readonly name: string;
}

/** The advertisements in force, names replaced by values. */
export function taggedPrefixes(context: RenderContext): TaggedPrefix[] {
  return context.settings.prefixAdvertisements.map(({ cidr, communities, names, resource, index }) => ({
    prefix: cidr,
    communities: communities.flatMap((entry, j) => {
      const value = names.get(entry) ?? parseCommunity(entry);
      if (value !== null) return [value];
      const field = `spec.prefixAdvertisements[${index}].communities[${j}]`;
      const text = `${JSON.stringify(entry)}, for ${formatPrefix(cidr)}, is neither a community nor the name of one`;
      context.warnings.add(resource, field, text);
      return [];
    }),
    name: `${resource} prefixAdvertisements[${index}]`,
  }));
}
