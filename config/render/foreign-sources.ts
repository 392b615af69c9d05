/** Source addresses that a workload may use beside its own, where FelixConfiguration allows that at all. */
import { type Prefix, parsePrefix } from '@manul/bgp/net';
import type { Pod } from '../schema/resource-set.ts';
import { felixSettings } from './felix-settings.ts';
import type { RenderContext } from './render-context.ts';

const ANNOTATION = 'cni.projectcalico.org/allowedSourcePrefixes';

/** @returns `asked`, or nothing, with a warning, where workloads may not ask */
export function foreignSources(
  context: RenderContext,
  resource: string,
  field: string,
  asked: readonly Prefix[],
): readonly Prefix[] {
  if (asked.length === 0 || felixSettings(context).spec.workloadSourceSpoofing === 'Any') return asked;
  const text = 'has no effect: workloadSourceSpoofing of FelixConfiguration is not Any';
  context.warnings.add(resource, field, text);
  return [];
}

/** The annotation holds a JSON array; one that does not has no effect. */
export function podForeignSources(
  context: RenderContext,
  { metadata }: Pod,
  resource: string,
): readonly Prefix[] {
  const text = metadata.annotations[ANNOTATION];
  if (text === undefined || text === '') return [];
  const field = `metadata.annotations[${ANNOTATION}]`;
  const prefixes = parsePrefixes(text);
  if (prefixes !== null) return foreignSources(context, resource, field, prefixes);
  context.warnings.add(resource, field, `must be a JSON array of prefixes, is ${JSON.stringify(text)}`);
  return [];
}

function parsePrefixes(text: string): Prefix[] | null {
  try {
    const values: unknown = JSON.parse(text);
    if (!Array.isArray(values)) return null;
    const prefixes = values.map((value) =>
      typeof value === 'string' ? parsePrefix(value, { mask: true }) : null,
    );
    return prefixes.includes(null) ? null : (prefixes as Prefix[]);
  } catch {
    return null;
  }
}
