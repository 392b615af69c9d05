/** What the plugin hands over: the runtime's verb and parameters (CNI specification, section 2), checked. */
import { CniCode, CniError } from './cni-error.ts';
import { type AttachmentId, type NetworkConfig, readNetworkConfig } from './network-config.ts';

/** Number of the protocol between plugin and agent. */
const PROTOCOL = 1;

export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
}

export type CniRequest =
  | {
      readonly verb: 'ADD' | 'CHECK';
      readonly config: NetworkConfig;
      readonly id: AttachmentId;
      readonly netns: string;
      readonly pod: PodIdentity | null;
    }
  | { readonly verb: 'DEL'; readonly config: NetworkConfig; readonly id: AttachmentId }
  | { readonly verb: 'STATUS' | 'GC'; readonly config: NetworkConfig };

interface RawRequest {
  readonly command: string;
  readonly containerId: string;
  readonly netns: string;
  readonly ifName: string;
  readonly args: string;
  readonly config: string;
}

const CONTAINER_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
/** What the kernel takes as a name of a link. */
const IF_NAME = /^(?!\.{1,2}$)[^\s/:\0]{1,15}$/;

/** @throws CniError naming the parameter that is wrong */
export function readRequest(line: string): CniRequest {
  const raw = readRaw(line);
  const config = readNetworkConfig(raw.config);
  switch (raw.command) {
    case 'ADD':
    case 'CHECK':
      return {
        verb: raw.command,
        config,
        id: readId(raw),
        netns: readNetns(raw),
        pod: readPod(raw.args),
      };
    case 'DEL':
      return { verb: 'DEL', config, id: readId(raw) };
    case 'STATUS':
    case 'GC':
      return { verb: raw.command, config };
    default:
      throw invalidVariable('CNI_COMMAND', raw.command);
  }
}

function readRaw(line: string): RawRequest {
  const values = JSON.parse(line) as Partial<RawRequest> & { protocol?: number };
  if (values.protocol !== PROTOCOL) {
    const details = `the plugin speaks protocol ${values.protocol}, the agent ${PROTOCOL}`;
    throw new CniError(CniCode.TryAgain, 'plugin and agent are of different versions', details);
  }
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    command: text(values.command),
    containerId: text(values.containerId),
    netns: text(values.netns),
    ifName: text(values.ifName),
    args: text(values.args),
    config: text(values.config),
  };
}

function readId({ containerId, ifName }: RawRequest): AttachmentId {
  if (!CONTAINER_ID.test(containerId)) throw invalidVariable('CNI_CONTAINERID', containerId);
  if (!IF_NAME.test(ifName)) throw invalidVariable('CNI_IFNAME', ifName);
  return { containerId, ifName };
}

function readNetns({ netns }: RawRequest): string {
  if (!netns.startsWith('/')) throw invalidVariable('CNI_NETNS', netns);
  return netns;
}

/** CNI_ARGS of Kubernetes: `K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;…`; null for other runtimes. */
function readPod(args: string): PodIdentity | null {
  const values = new Map<string, string>();
  for (const pair of args.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0) values.set(pair.slice(0, equals), pair.slice(equals + 1));
    else if (pair !== '') throw invalidVariable('CNI_ARGS', args);
  }
  const namespace = values.get('K8S_POD_NAMESPACE') ?? '';
  const name = values.get('K8S_POD_NAME') ?? '';
  return namespace === '' || name === '' ? null : { namespace, name };
}

function invalidVariable(name: string, value: string): CniError {
  const details = value === '' ? `${name} is missing` : `${name}=${JSON.stringify(value)}`;
  return new CniError(CniCode.InvalidEnvironment, 'invalid environment variables', details);
}
