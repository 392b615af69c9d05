/** Renders a node from YAML text, for tests of `renderNode`. */
import type { NodeConfig, RenderedNode, RenderedPeer, RenderOptions } from '@manul/config';
import { renderNode } from '@manul/config';
import { readDocuments } from '../../../config/datastore/read-documents.ts';
import {
  makeResourceSet,
  type PlacedResource,
  type ResourceSet,
} from '../../../config/schema/resource-set.ts';

/** Parses documents; a problem fails the test that made the mistake. */
export function resourcesOf(
  yaml: string,
  passwordFiles: ReadonlyMap<string, string> = new Map(),
): ResourceSet {
  const placed: PlacedResource[] = [];
  for (const { documents } of readDocuments(yaml, new Map())) {
    for (const { parsed, problems } of documents) {
      if (problems.length > 0) throw new Error(JSON.stringify(problems));
      if (parsed.outcome === 'valid') placed.push(parsed);
    }
  }
  return makeResourceSet(placed, passwordFiles);
}

export function config(yaml: string, node: string, options: Partial<RenderOptions> = {}): NodeConfig {
  return renderNode(resourcesOf(yaml), { node, routerId: null, namespace: 'manul-system', ...options });
}

export function render(yaml: string, node: string, options: Partial<RenderOptions> = {}): RenderedNode {
  return config(yaml, node, options).rendered;
}

/** Peers as `name: address:port`. */
export function peerLines(rendered: RenderedNode): string[] {
  return rendered.peers.map(({ name, address, port }) => `${name}: ${address}:${port}`);
}

export function peer(rendered: RenderedNode, name: string): RenderedPeer {
  const found = rendered.peers.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no peer ${name}, but ${peerLines(rendered).join(', ')}`);
  return found;
}

/** Warnings as `resource field: text`. */
export function warningLines({ warnings }: RenderedNode): string[] {
  return warnings.map(({ resource, field, text }) => `${resource} ${field}: ${text}`);
}

interface NodeFields {
  readonly v4?: string | null;
  readonly v6?: string;
  readonly asn?: number;
  readonly clusterId?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A v3 Node. */
export function node(name: string, fields: NodeFields): string {
  const bgp = {
    ...(fields.v4 == null ? {} : { ipv4Address: fields.v4 }),
    ...(fields.v6 === undefined ? {} : { ipv6Address: fields.v6 }),
    ...(fields.asn === undefined ? {} : { asNumber: fields.asn }),
    ...(fields.clusterId === undefined ? {} : { routeReflectorClusterID: fields.clusterId }),
  };
  return object('projectcalico.org/v3', 'Node', name, { bgp }, { labels: fields.labels ?? {} });
}

export function bgpConfiguration(spec: object, name = 'default'): string {
  return object('projectcalico.org/v3', 'BGPConfiguration', name, spec);
}

export function bgpPeer(name: string, spec: object): string {
  return object('projectcalico.org/v3', 'BGPPeer', name, spec);
}

export function calico(kind: string, name: string, spec: object, metadata: object = {}): string {
  return object('projectcalico.org/v3', kind, name, spec, metadata);
}

export function dynamicNeighbor(name: string, spec: object): string {
  return object('manul.dev/v1alpha1', 'DynamicNeighbor', name, spec);
}

export function secret(name: string, stringData: object, namespace = 'manul-system'): string {
  return `---\n${JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData })}\n`;
}

export function object(
  apiVersion: string,
  kind: string,
  name: string,
  spec: object,
  metadata: object = {},
): string {
  return `---\n${JSON.stringify({ apiVersion, kind, metadata: { name, ...metadata }, spec })}\n`;
}
