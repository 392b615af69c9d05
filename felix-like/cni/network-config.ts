/** The network configuration that a runtime hands to the plugin, as far as it concerns us. */
import { CniCode, CniError } from './cni-error.ts';

/** Oldest first. Before 1.0.0 addresses in results carry a `version`, before 1.1.0 interfaces have no MTU. */
export const CNI_VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof CNI_VERSIONS)[number];

export interface NetworkConfig {
  readonly cniVersion: CniVersion;
  /** Name of the network; addresses are kept by it. */
  readonly name: string;
  /** Null: the agent decides. */
  readonly mtu: number | null;
  /** Handed through into the result. */
  readonly dns: Readonly<Record<string, unknown>>;
  /** What ADD answered; of CHECK. */
  readonly prevResult: unknown;
  /** Of GC: whatever is not in there is to go. Null: not given. */
  readonly validAttachments: readonly AttachmentId[] | null;
}

export interface AttachmentId {
  readonly containerId: string;
  readonly ifName: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const MIN_MTU = 68;
const MAX_MTU = 65_535;

/** @throws CniError saying which field is wrong */
export function readNetworkConfig(text: string): NetworkConfig {
  const config = parseObject(text);
  const { cniVersion, name, mtu = null, dns = {}, prevResult } = config;
  if (!isCniVersion(cniVersion)) {
    const details = `${JSON.stringify(cniVersion)} is none of ${CNI_VERSIONS.join(', ')}`;
    throw new CniError(CniCode.IncompatibleVersion, 'incompatible CNI version', details);
  }
  if (typeof name !== 'string' || !NAME.test(name)) throw invalid('name', 'is no network name');
  if (mtu !== null && !(Number.isInteger(mtu) && Number(mtu) >= MIN_MTU && Number(mtu) <= MAX_MTU)) {
    throw invalid('mtu', `must be a number from ${MIN_MTU} to ${MAX_MTU}`);
  }
  if (!isObject(dns)) throw invalid('dns', 'is no object');
  return {
    cniVersion,
    name,
    mtu: mtu === null ? null : Number(mtu),
    dns,
    prevResult,
    validAttachments: readValidAttachments(config),
  };
}

/** The key is there, be it with null for "none", when a runtime really asks for garbage collection. */
function readValidAttachments(config: Readonly<Record<string, unknown>>): readonly AttachmentId[] | null {
  const key = 'cni.dev/valid-attachments';
  if (!Object.hasOwn(config, key)) return null;
  const list = config[key] ?? [];
  if (!Array.isArray(list)) throw invalid(key, 'is no list');
  return list.map((entry: unknown) => {
    const { containerID, ifname } = isObject(entry) ? entry : {};
    if (typeof containerID !== 'string' || typeof ifname !== 'string') {
      throw invalid(key, 'has an entry without containerID and ifname');
    }
    return { containerId: containerID, ifName: ifname };
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error);
    throw new CniError(CniCode.Decode, 'the network configuration is not JSON', details);
  }
  if (isObject(value)) return value;
  throw new CniError(CniCode.Decode, 'the network configuration is no JSON object');
}

function isCniVersion(value: unknown): value is CniVersion {
  return CNI_VERSIONS.some((version) => version === value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(field: string, text: string): CniError {
  return new CniError(CniCode.InvalidConfig, 'invalid network configuration', `${field} ${text}`);
}
