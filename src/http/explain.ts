/** `/api/v1/explain`: what the speaker says of a route, with the resources behind it and what the kernel has. */
import type { ExplainedPath, ExplainQuery, ExplainStep, RouteExplanation } from '@manul/bgp';
import { addressFamily, canonicalAddress, canonicalPrefix, parsePrefix } from '@manul/bgp/net';
import type { RenderedNode } from '@manul/config';
import type { KernelRouteStatus } from '@manul/felix-like';
import type { DaemonView } from '../daemon/daemon-view.ts';
import { selectKernelRoutes } from './route-query.ts';
import { HttpError } from './router.ts';
import { speakerOf } from './speaker-access.ts';

/** `manul explain -o json`. */
export interface ExplainReport extends RouteExplanation {
  /** What was asked for: a prefix or an address. */
  readonly query: string;
  /** Resources of the sessions that are named, by peer. */
  readonly resources: Readonly<Record<string, string>>;
  readonly kernel: KernelExplanation;
}

export interface KernelExplanation {
  readonly text: string;
  /** Routes of the agent to the prefix; null where no agent answers. */
  readonly routes: readonly KernelRouteStatus[] | null;
}

export const NO_AGENT: KernelExplanation = { text: 'no agent here', routes: null };

/** @throws HttpError 400 for what is no prefix or address, 404 for a peer that does not exist */
export function explainRoute(view: DaemonView, query: URLSearchParams): ExplainReport {
  const speaker = speakerOf(view);
  const asked = readQuery(query);
  const { to } = asked;
  if (to !== undefined && speaker.peer(to) === null) throw new HttpError(404, `no peer "${to}"`);
  const explanation = speaker.explain(asked);
  const rendered = view.rendered();
  const names = [
    ...explanation.paths.map(({ peer }) => peer),
    ...explanation.exports.flatMap(({ peers }) => peers),
  ];
  return {
    query: asked.address ?? asked.prefix ?? '',
    ...explanation,
    absent: explanation.absent === null ? null : absentText(explanation.absent, explanation.prefix, rendered),
    paths: explanation.paths.map((path) => withOrigin(path, rendered)),
    resources: rendered === null ? {} : resourcesOf(names, view, rendered),
    kernel:
      view.agent === null
        ? NO_AGENT
        : explainKernel(
            selectKernelRoutes(view.agent.kernelRoutes(), kernelQuery(asked, explanation.prefix)),
            explanation.prefix,
          ),
  };
}

/** The agent's routes that concern what was asked for; an address that BGP has no route for may have one by the resources. */
export function kernelQuery(
  asked: Pick<ExplainQuery, 'prefix' | 'address'>,
  prefix: string | null,
): { readonly prefix: string } | { readonly longest: string } {
  return prefix === null && asked.address !== undefined
    ? { longest: asked.address }
    : { prefix: prefix ?? asked.prefix ?? '' };
}

/**
 * What the agent wants and has.
 *
 * @param routes those that `kernelQuery` selects
 * @param prefix the one that is explained; routes to another are told with theirs
 */
export function explainKernel(
  routes: readonly KernelRouteStatus[],
  prefix: string | null,
): KernelExplanation {
  if (routes.length === 0) return { text: 'the agent neither wants nor has a route to it', routes: [] };
  const text = routes.map((route) =>
    route.prefix === prefix ? kernelText(route) : `${route.prefix} ${kernelText(route)}`,
  );
  return { text: text.join('; '), routes };
}

function kernelText({ reason, inSync, error, type, nextHop, interfaceName }: KernelRouteStatus): string {
  const way = [
    type,
    nextHop === null ? '' : `via ${nextHop}`,
    interfaceName === null ? '' : `dev ${interfaceName}`,
  ];
  const route = way.filter((part) => part !== '').join(' ');
  if (error !== null) return `${route}: ${error}`;
  if (reason === null) return `${route}: there, and not wanted`;
  return `${route}: wanted (${reason})${inSync ? ' and there' : ', not there yet'}`;
}

const PARAMETERS = ['prefix', 'address', 'to'];

function readQuery(query: URLSearchParams): ExplainQuery {
  for (const name of query.keys()) {
    if (!PARAMETERS.includes(name)) throw new HttpError(400, `unknown parameter "${name}"`);
  }
  const [prefix, address, to] = PARAMETERS.map((name) => query.get(name) || null);
  if ((prefix == null) === (address == null))
    throw new HttpError(400, 'either prefix or address must be given');
  const toPeer = to == null ? {} : { to };
  if (address != null) {
    if (addressFamily(address) === null) throw new HttpError(400, `address: "${address}" is no address`);
    return { address: canonicalAddress(address) ?? address, ...toPeer };
  }
  const canonical = canonicalPrefix(prefix!);
  if (canonical !== null) return { prefix: canonical, ...toPeer };
  const isMasked = parsePrefix(prefix!, { mask: true }) !== null;
  throw new HttpError(
    400,
    `prefix: "${prefix}" ${isMasked ? 'has bits set behind its length' : 'is no prefix'}`,
  );
}

/** A prefix that the resources give to this node, and that is not announced, says so. */
function absentText(absent: string, prefix: string | null, rendered: RenderedNode | null): string {
  const own = rendered?.originated.find((one) => one.prefix === prefix);
  if (own === undefined) return absent;
  return `${absent} yet: it is a ${own.reason} of this node (${own.resource}), and the agent has not announced it`;
}

/** Our own route comes from a resource. */
function withOrigin(path: ExplainedPath, rendered: RenderedNode | null): ExplainedPath {
  const own =
    path.peer === 'local' ? rendered?.originated.find(({ prefix }) => prefix === path.prefix) : undefined;
  if (own === undefined) return path;
  const [first, ...rest] = path.steps;
  const step: ExplainStep = {
    ...first!,
    rule: `originated by this speaker: ${own.reason}`,
    resource: own.resource,
  };
  return { ...path, steps: [step, ...rest] };
}

function resourcesOf(
  names: readonly string[],
  view: DaemonView,
  rendered: RenderedNode,
): Readonly<Record<string, string>> {
  const resources = new Map<string, string>();
  for (const name of new Set(names)) {
    const neighbor = view.speaker?.peer(name)?.neighbor ?? null;
    const found =
      neighbor === null
        ? rendered.peers.find((peer) => peer.name === name)
        : rendered.dynamic.find((one) => one.name === neighbor);
    if (found !== undefined) resources.set(name, found.resource);
  }
  return Object.fromEntries(resources);
}
