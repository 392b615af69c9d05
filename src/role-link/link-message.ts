/** Messages of the role link on a socket: one JSON object a line, UTF-8. */
import type { NextHopRoute } from '@manul/bgp';
import { canonicalPrefix, FAMILIES, type Family } from '@manul/bgp/net';

/** Rises when the meaning of a message changes; ends with different versions do not talk. */
export const LINK_VERSION = 3;

/**
 * A learnt route: prefix and next hop, the latter null when the route is gone; then the other next hops that share
 * its traffic. Short, for there are many.
 */
export type WireRoute = readonly [prefix: string, nextHop: string | null, ...others: string[]];

/** A way to next hops: prefix, metric, interface; an interface of `false`: what it covers is not reached. */
export type WireNextHop = readonly [prefix: string, metric: number, interfaceName: string | null | false];

export type LinkMessage =
  /** First message of each side. */
  | { readonly type: 'hello'; readonly version: number; readonly node: string }
  /** Speaker → agent. */
  | { readonly type: 'routes'; readonly family: Family; readonly changes: readonly WireRoute[] }
  | { readonly type: 'endOfRib'; readonly family: Family }
  /** Agent → speaker: the whole set. */
  | { readonly type: 'originated'; readonly prefixes: readonly string[] }
  /** Agent → speaker: all of them; null: next hops are not resolved. */
  | { readonly type: 'nextHops'; readonly routes: readonly WireNextHop[] | null };

export function encodeMessage(message: LinkMessage): string {
  return `${JSON.stringify(message)}\n`;
}

/** @throws Error saying what is wrong with the line */
export function decodeMessage(line: string): LinkMessage {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) throw new Error('a message is no object');
  const message = value as Readonly<Record<string, unknown>>;
  switch (message['type']) {
    case 'hello':
      return decodeHello(message);
    case 'routes':
      return { type: 'routes', family: familyIn(message), changes: routesIn(message) };
    case 'endOfRib':
      return { type: 'endOfRib', family: familyIn(message) };
    case 'originated':
      return { type: 'originated', prefixes: prefixesIn(message) };
    case 'nextHops':
      return { type: 'nextHops', routes: nextHopsIn(message) };
    default:
      throw new Error('a message is of unknown type');
  }
}

/** @throws Error when the other end is not of this node or speaks another version */
export function checkHello(message: LinkMessage, node: string): void {
  if (message.type !== 'hello') throw new Error('the first message is not hello');
  if (message.version !== LINK_VERSION) {
    throw new Error(
      `the other end speaks version ${message.version} of the role link, this one ${LINK_VERSION}`,
    );
  }
  if (message.node !== node)
    throw new Error(`the other end is of node "${message.node}", this one of "${node}"`);
}

function decodeHello(message: Readonly<Record<string, unknown>>): LinkMessage {
  const { version, node } = message;
  if (typeof version !== 'number' || typeof node !== 'string')
    throw new Error('hello without version or node');
  return { type: 'hello', version, node };
}

function familyIn(message: Readonly<Record<string, unknown>>): Family {
  const family = FAMILIES.find((one) => one === message['family']);
  if (family === undefined) throw new Error('a message names no known family');
  return family;
}

function routesIn(message: Readonly<Record<string, unknown>>): readonly WireRoute[] {
  const changes = message['changes'];
  if (!Array.isArray(changes)) throw new Error('routes without changes');
  if (!changes.every(isWireRoute)) throw new Error('a route is no prefix with next hops');
  return changes;
}

/** Text suffices here: what the agent programs it parses itself. */
function isWireRoute(value: unknown): value is WireRoute {
  if (!Array.isArray(value) || value.length < 2) return false;
  const [prefix, nextHop, ...others] = value as readonly unknown[];
  if (typeof prefix !== 'string' || !others.every((other) => typeof other === 'string')) return false;
  return nextHop === null ? others.length === 0 : typeof nextHop === 'string';
}

function prefixesIn(message: Readonly<Record<string, unknown>>): readonly string[] {
  const prefixes = message['prefixes'];
  if (!Array.isArray(prefixes)) throw new Error('originated without prefixes');
  return prefixes.map((prefix: unknown) => {
    const canonical = typeof prefix === 'string' ? canonicalPrefix(prefix) : null;
    if (canonical === null) throw new Error('originated holds what is no prefix');
    return canonical;
  });
}

function nextHopsIn(message: Readonly<Record<string, unknown>>): readonly WireNextHop[] | null {
  const routes = message['routes'];
  if (routes === null) return null;
  if (!Array.isArray(routes) || !routes.every(isWireNextHop)) throw new Error('nextHops without routes');
  return routes;
}

function isWireNextHop(value: unknown): value is WireNextHop {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [prefix, metric, name] = value as readonly unknown[];
  const isName = name === null || name === false || typeof name === 'string';
  return typeof prefix === 'string' && typeof metric === 'number' && isName;
}

export function wireNextHop({ prefix, metric, interfaceName, isUnreachable }: NextHopRoute): WireNextHop {
  return [prefix, metric, isUnreachable === true ? false : interfaceName];
}

export function nextHopRoute([prefix, metric, interfaceName]: WireNextHop): NextHopRoute {
  if (interfaceName === false) return { prefix, metric, interfaceName: null, isUnreachable: true };
  return { prefix, metric, interfaceName };
}
