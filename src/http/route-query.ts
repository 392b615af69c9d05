/** Query parameters of `/api/v1/routes` → what is asked of the speaker or the agent. */
import type { RouteQuery } from '@manul/bgp';
import {
  addressFamily,
  canonicalAddress,
  canonicalPrefix,
  containsAddress,
  type Family,
  parseAddress,
  parsePrefix,
} from '@manul/bgp/net';
import type { KernelRouteStatus } from '@manul/felix-like';
import { HttpError } from './router.ts';

const PARAMETERS = ['family', 'prefix', 'longest', 'received', 'advertised', 'all', 'kernel'];

/** @throws HttpError 400 naming the parameter that is wrong */
export function readRouteQuery(query: URLSearchParams): RouteQuery & { readonly kernel: boolean } {
  for (const name of query.keys()) {
    if (!PARAMETERS.includes(name)) throw new HttpError(400, `unknown parameter "${name}"`);
  }
  const text = (name: string): string | null => query.get(name) || null;
  const family = readFamily(text('family'));
  const prefix = readPrefix(text('prefix'));
  const longest = readLongest(text('longest'));
  const received = text('received');
  const advertised = text('advertised');
  if (received !== null && advertised !== null) {
    throw new HttpError(400, 'received and advertised exclude each other');
  }
  if (prefix !== null && longest !== null) throw new HttpError(400, 'prefix and longest exclude each other');
  return {
    ...(family === null ? {} : { family }),
    ...(prefix === null ? {} : { prefix }),
    ...(longest === null ? {} : { longest }),
    ...(received === null ? {} : { received }),
    ...(advertised === null ? {} : { advertised }),
    all: isOn(query, 'all'),
    kernel: isOn(query, 'kernel'),
  };
}

/** The kernel routes that a query selects; `longest` gives the most specific one that holds the address. */
export function selectKernelRoutes(
  routes: readonly KernelRouteStatus[],
  query: RouteQuery,
): readonly KernelRouteStatus[] {
  const selected = routes.filter(
    (route) =>
      (query.family === undefined || route.family === query.family) &&
      (query.prefix === undefined || route.prefix === query.prefix),
  );
  if (query.longest === undefined) return selected;
  const address = parseAddress(query.longest);
  if (address === null) return [];
  const holding = selected.flatMap((route) => {
    const prefix = parsePrefix(route.prefix);
    return prefix !== null && containsAddress(prefix, address) ? [{ route, length: prefix.length }] : [];
  });
  const longest = Math.max(...holding.map(({ length }) => length));
  return holding.filter(({ length }) => length === longest).map(({ route }) => route);
}

function readFamily(text: string | null): Family | null {
  if (text === null || text === 'ipv4' || text === 'ipv6') return text;
  throw new HttpError(400, `family: "${text}" is neither ipv4 nor ipv6`);
}

function readPrefix(text: string | null): string | null {
  if (text === null) return null;
  const prefix = canonicalPrefix(text);
  if (prefix !== null) return prefix;
  const masked = parsePrefix(text, { mask: true });
  if (masked === null) throw new HttpError(400, `prefix: "${text}" is no prefix`);
  throw new HttpError(400, `prefix: "${text}" has bits set behind its length`);
}

function readLongest(text: string | null): string | null {
  if (text === null) return null;
  if (addressFamily(text) === null) throw new HttpError(400, `longest: "${text}" is no address`);
  return canonicalAddress(text);
}

function isOn(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && text !== 'false' && text !== '0';
}
