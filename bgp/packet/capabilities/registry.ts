/** All capabilities that Manul understands, and the codec of one capability TLV (RFC 5492 §4). */
import { WireReader } from '../wire-reader.ts';
import { WireWriter } from '../wire-writer.ts';
import { addPath } from './add-path.ts';
import type { Capability, CapabilityDescriptor, KnownCapability } from './capability.ts';
import { extendedMessage } from './extended-message.ts';
import { extendedNextHop } from './extended-next-hop.ts';
import { fourOctetAs } from './four-octet-as.ts';
import { fqdn } from './fqdn.ts';
import { gracefulRestart } from './graceful-restart.ts';
import { multiprotocol } from './multiprotocol.ts';
import { role } from './role.ts';
import { enhancedRouteRefresh, routeRefresh, routeRefreshCisco } from './route-refresh.ts';
import { softwareVersion } from './software-version.ts';

type DescriptorTable = {
  readonly [K in KnownCapability['kind']]: CapabilityDescriptor<Extract<KnownCapability, { kind: K }>>;
};

/** A kind without a descriptor does not compile. */
const DESCRIPTORS: DescriptorTable = {
  multiprotocol,
  routeRefresh,
  extendedNextHop,
  extendedMessage,
  role,
  gracefulRestart,
  fourOctetAs,
  addPath,
  enhancedRouteRefresh,
  fqdn,
  softwareVersion,
  routeRefreshCisco,
};

/** Seen through the union: which capability a descriptor takes is known from `kind` alone. */
type AnyDescriptor = CapabilityDescriptor<KnownCapability>;

const BY_CODE: ReadonlyMap<number, AnyDescriptor> = new Map(
  (Object.values(DESCRIPTORS) as AnyDescriptor[]).map((descriptor) => [descriptor.code, descriptor]),
);

function descriptorOf(capability: KnownCapability): AnyDescriptor {
  return DESCRIPTORS[capability.kind] as AnyDescriptor;
}

/** The capability of this code and value; one that is unknown or malformed keeps its octets. `value` is copied. */
export function decodeCapability(code: number, value: Uint8Array): Capability {
  const decoded = BY_CODE.get(code)?.decode(new WireReader(value)) ?? null;
  return decoded ?? Object.freeze({ kind: 'unknown', code, value: value.slice() });
}

/**
 * The capability as code, length and value.
 * @throws RangeError when the value is longer than 255 octets.
 */
export function encodeCapability(capability: Capability): Uint8Array {
  const value = capabilityValue(capability);
  return new WireWriter().u8(capabilityCode(capability)).u8(value.length).bytes(value).finish();
}

function capabilityValue(capability: Capability): Uint8Array {
  if (capability.kind === 'unknown') return capability.value;
  const writer = new WireWriter();
  descriptorOf(capability).encode(capability, writer);
  return writer.finish();
}

export function capabilityCode(capability: Capability): number {
  return capability.kind === 'unknown' ? capability.code : descriptorOf(capability).code;
}

/** Name for users; `capability 200` for one that we do not know. */
export function capabilityName(capability: Capability): string {
  if (capability.kind !== 'unknown') return descriptorOf(capability).name;
  const known = BY_CODE.get(capability.code);
  return known === undefined ? `capability ${capability.code}` : `${known.name} (malformed)`;
}

/** Value for users, safe to display; hexadecimal (at most 32 octets) where we do not know the layout. */
export function capabilityText(capability: Capability): string {
  if (capability.kind !== 'unknown') return descriptorOf(capability).format(capability);
  const shown = Buffer.from(capability.value.subarray(0, 32)).toString('hex');
  return capability.value.length > 32 ? `${shown}…` : shown;
}
