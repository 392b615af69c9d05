/** Workloads of the node: WorkloadEndpoints, and Pods where no endpoint stands for them. */
import { formatPrefix, type Prefix, parsePrefix } from '@manul/bgp/net';
import type { Pod, WorkloadEndpoint } from '../schema/resource-set.ts';
import type { Labels } from '../schema/selector.ts';
import { digest } from './digest.ts';
import { felixSettings } from './felix-settings.ts';
import { foreignSources, podForeignSources } from './foreign-sources.ts';
import type { RenderContext } from './render-context.ts';

export interface LocalWorkload {
  /** `Kind/namespace/name`. */
  readonly resource: string;
  /** Host side of the veth pair. */
  readonly interfaceName: string;
  /** Host prefixes. */
  readonly addresses: readonly Prefix[];
  readonly mac: string | null;
  /** What it may send from beside its addresses. */
  readonly foreignSources: readonly Prefix[];
  readonly labels: Labels;
}

/** By interface name; of an endpoint and a pod with one interface the endpoint counts. */
export function localWorkloads(context: RenderContext): LocalWorkload[] {
  const workloads = new Map<string, LocalWorkload>();
  const { pods, workloadEndpoints } = context.resources;
  for (const pod of pods.values()) add(workloads, podWorkload(context, pod));
  for (const endpoint of workloadEndpoints.values()) add(workloads, endpointWorkload(context, endpoint));
  return [...workloads.values()].sort((a, b) => (a.interfaceName < b.interfaceName ? -1 : 1));
}

/** A workload of another node. */
export interface RemoteWorkload extends Pick<LocalWorkload, 'resource' | 'addresses'> {
  readonly node: string;
}

export function remoteWorkloads(context: RenderContext): RemoteWorkload[] {
  const { pods, workloadEndpoints } = context.resources;
  const isRemote = (node: string | undefined): node is string =>
    node !== undefined && node !== context.options.node && context.nodes.has(node);
  const endpoints = [...workloadEndpoints.values()].flatMap(({ metadata, spec }): RemoteWorkload[] => {
    if (!isRemote(spec.node)) return [];
    const resource = `WorkloadEndpoint/${metadata.namespace}/${metadata.name}`;
    return [{ resource, addresses: spec.ipNetworks, node: spec.node }];
  });
  const ofPods = [...pods.values()].flatMap((pod): RemoteWorkload[] => {
    const { metadata, spec } = pod;
    if (!isRemote(spec.nodeName) || spec.hostNetwork === true || isFinished(pod)) return [];
    const resource = `Pod/${metadata.namespace}/${metadata.name}`;
    return [{ resource, addresses: podAddresses(context, pod, resource), node: spec.nodeName }];
  });
  return [...endpoints, ...ofPods];
}

function add(workloads: Map<string, LocalWorkload>, workload: LocalWorkload | null): void {
  if (workload !== null) workloads.set(workload.interfaceName, workload);
}

function endpointWorkload(
  context: RenderContext,
  { metadata, spec }: WorkloadEndpoint,
): LocalWorkload | null {
  if (spec.node !== context.options.node) return null;
  const resource = `WorkloadEndpoint/${metadata.namespace}/${metadata.name}`;
  if (spec.interfaceName === undefined) {
    context.warnings.add(resource, 'spec.interfaceName', 'is missing: there is no route to the workload');
    return null;
  }
  return {
    resource,
    interfaceName: spec.interfaceName,
    addresses: spec.ipNetworks,
    mac: spec.mac ?? null,
    foreignSources: foreignSources(
      context,
      resource,
      'spec.allowSpoofedSourcePrefixes',
      spec.allowSpoofedSourcePrefixes ?? [],
    ),
    labels: metadata.labels,
  };
}

function podWorkload(context: RenderContext, pod: Pod): LocalWorkload | null {
  const { metadata, spec } = pod;
  if (spec.nodeName !== context.self.kubernetesName || spec.hostNetwork === true || isFinished(pod))
    return null;
  const namespace = metadata.namespace!;
  const resource = `Pod/${namespace}/${metadata.name}`;
  const addresses = podAddresses(context, pod, resource);
  if (addresses.length === 0) return null;
  const { interfacePrefixes } = felixSettings(context);
  return {
    resource,
    interfaceName: interfaceNameOf(interfacePrefixes[0]!, namespace, metadata.name),
    addresses,
    mac: null,
    foreignSources: podForeignSources(context, pod, resource),
    labels: {
      ...metadata.labels,
      'projectcalico.org/namespace': namespace,
      'projectcalico.org/orchestrator': 'k8s',
      ...(spec.serviceAccountName === undefined
        ? {}
        : { 'projectcalico.org/serviceaccount': spec.serviceAccountName }),
    },
  };
}

/** As Calico's CNI plugin names the host side: `cali` and eleven digits of SHA-1 over `namespace.pod`. */
export function interfaceNameOf(prefix: string, namespace: string, pod: string): string {
  return prefix + digest('sha1', `${namespace}.${pod}`).toString('hex').slice(0, 11);
}

const POD_IP = 'cni.projectcalico.org/podIP';

/** A finished pod has no addresses, whatever its status lists: an empty annotation is what CNI DEL leaves. */
function isFinished({ metadata, status }: Pod): boolean {
  if (['Failed', 'Succeeded', 'Completed'].includes(status.phase ?? '')) return true;
  return metadata.deletionTimestamp !== undefined && metadata.annotations[POD_IP] === '';
}

/** The first source that lists any: status, then the annotations of the CNI plugins. */
function podAddresses(context: RenderContext, { metadata, status }: Pod, resource: string): Prefix[] {
  const annotation = (name: string): string[] => (metadata.annotations[name] ?? '').split(',');
  const sources = [
    (status.podIPs ?? []).map(({ ip }) => ip ?? ''),
    [status.podIP ?? ''],
    annotation('cni.projectcalico.org/podIPs'),
    annotation(POD_IP),
    annotation('vpc.amazonaws.com/pod-ips'),
  ];
  const texts = sources
    .map((source) => source.filter((text) => text.trim() !== ''))
    .find((source) => source.length > 0);
  return (texts ?? []).flatMap((text) => {
    const prefix = parsePrefix(text.trim());
    if (prefix !== null && prefix.length === prefix.bytes.length * 8) return [prefix];
    context.warnings.add(resource, 'status.podIPs', `has an address that is none: ${JSON.stringify(text)}`);
    return [];
  });
}

/** Addresses as the agent takes them. */
export function addressTexts(workload: LocalWorkload): string[] {
  return workload.addresses.map(formatPrefix);
}
