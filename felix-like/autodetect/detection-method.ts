/** Calico's ways to find the address of a node, as they are written: `can-reach=192.0.2.1`. Pure. */
import { type Prefix, parsePrefix } from '@manul/bgp/net';

export type DetectionMethod =
  | { readonly kind: 'first-found' }
  /** The source that the kernel would choose towards this address or name. */
  | { readonly kind: 'can-reach'; readonly target: string }
  /** Interfaces whose names match, in this order. */
  | { readonly kind: 'interface'; readonly patterns: readonly RegExp[] }
  | { readonly kind: 'skip-interface'; readonly patterns: readonly RegExp[] }
  | { readonly kind: 'cidr'; readonly ranges: readonly Prefix[] }
  /** What Kubernetes' Node says. */
  | { readonly kind: 'kubernetes-internal-ip' };

/** @returns the method, or what is wrong with the text */
export function parseDetectionMethod(text: string): DetectionMethod | string {
  const separator = text.indexOf('=');
  const kind = separator < 0 ? text : text.slice(0, separator);
  const value = separator < 0 ? null : text.slice(separator + 1);
  if (kind === 'first-found' || kind === 'kubernetes-internal-ip') {
    return value === null ? { kind } : `${kind} takes no value`;
  }
  if (!['can-reach', 'interface', 'skip-interface', 'cidr'].includes(kind)) {
    return `"${text}" is none of first-found, kubernetes-internal-ip, can-reach=…, interface=…, skip-interface=…, cidr=…`;
  }
  const values = (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (values.length === 0) return `${kind}= needs a value`;
  if (kind === 'can-reach') return { kind, target: value!.trim() };
  if (kind === 'cidr') return parseRanges(values);
  return parsePatterns(kind as 'interface' | 'skip-interface', values);
}

function parseRanges(texts: readonly string[]): DetectionMethod | string {
  const ranges: Prefix[] = [];
  for (const text of texts) {
    const range = parsePrefix(text, { mask: true });
    if (range === null) return `cidr=: "${text}" is no range of addresses`;
    ranges.push(range);
  }
  return { kind: 'cidr', ranges };
}

function parsePatterns(
  kind: 'interface' | 'skip-interface',
  texts: readonly string[],
): DetectionMethod | string {
  const patterns: RegExp[] = [];
  for (const text of texts) {
    try {
      patterns.push(new RegExp(text));
    } catch (error) {
      return `${kind}=: ${(error as Error).message}`;
    }
  }
  return { kind, patterns };
}
