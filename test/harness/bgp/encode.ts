/** BGP messages as bytes (RFC 4271 §4), for tests that need full control of what is sent. */
import { asPath, localPref, mpReach, mpUnreach, nextHop, origin, uint32 } from './attributes.ts';
import { addressBytes, encodePrefix, type Family, familyOfPrefix } from './prefix-text.ts';

export const MessageType = { Open: 1, Update: 2, Notification: 3, Keepalive: 4, RouteRefresh: 5 } as const;

const HEADER_BYTES = 19;
const MARKER = Buffer.alloc(16, 0xff);
const AS_TRANS = 23456;

/** Marker, length, type, body; `length` overrides the length field alone. */
export function frame(type: number, body: Buffer, length = HEADER_BYTES + body.length): Buffer {
  return Buffer.concat([MARKER, Buffer.from([length >> 8, length & 0xff, type]), body]);
}

export const KEEPALIVE = frame(MessageType.Keepalive, Buffer.alloc(0));

export interface OpenFields {
  readonly asn: number;
  readonly routerId: string;
  readonly holdTimeSec: number;
  readonly version?: number;
  /** Each as code, length, value. */
  readonly capabilities: readonly Buffer[];
}

export function encodeOpen(open: OpenFields): Buffer {
  const capabilities = Buffer.concat(open.capabilities);
  const parameters =
    capabilities.length === 0
      ? capabilities
      : Buffer.concat([Buffer.from([2, capabilities.length]), capabilities]);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt8(open.version ?? 4, 0);
  fixed.writeUInt16BE(open.asn > 0xffff ? AS_TRANS : open.asn, 1);
  fixed.writeUInt16BE(open.holdTimeSec, 3);
  addressBytes(open.routerId).copy(fixed, 5);
  fixed.writeUInt8(parameters.length, 9);
  return frame(MessageType.Open, Buffer.concat([fixed, parameters]));
}

export interface RestartOffer {
  readonly restartTimeSec: number;
  readonly restarting?: boolean;
  readonly notification?: boolean;
  /** By family whether its forwarding was preserved. */
  readonly families: Readonly<Partial<Record<Family, boolean>>>;
}

export const capability = {
  multiprotocol: (family: Family): Buffer => Buffer.from([1, 4, 0, family === 'ipv4' ? 1 : 2, 0, 1]),
  routeRefresh: (): Buffer => Buffer.from([2, 0]),
  enhancedRefresh: (): Buffer => Buffer.from([70, 0]),
  fourOctetAs: (asn: number): Buffer => Buffer.concat([Buffer.from([65, 4]), uint32(asn)]),
  /** Send and receive (RFC 7911 §4). */
  addPath: (families: readonly Family[]): Buffer =>
    Buffer.from([
      69,
      4 * families.length,
      ...families.flatMap((family) => [0, family === 'ipv4' ? 1 : 2, 1, 3]),
    ]),
  /** Restart time 0 and no families: only End-of-RIB is asked for (RFC 4724 §3). */
  gracefulRestart: (): Buffer => Buffer.from([64, 2, 0, 0]),
  /** With families and whether each has its forwarding preserved (RFC 4724 §3, RFC 8538 §2). */
  restart: ({ restartTimeSec, restarting = false, notification = false, families }: RestartOffer): Buffer => {
    const head = (restarting ? 0x8000 : 0) | (notification ? 0x4000 : 0) | restartTimeSec;
    const entries = Object.entries(families).flatMap(([family, isPreserved]) => [
      ...[0, family === 'ipv4' ? 1 : 2, 1],
      isPreserved ? 0x80 : 0,
    ]);
    return Buffer.from([64, 2 + entries.length, head >> 8, head & 0xff, ...entries]);
  },
};

export interface UpdateParts {
  readonly withdrawn?: Buffer;
  readonly attributes?: readonly Buffer[];
  readonly nlri?: Buffer;
  /** Overrides the Total Path Attribute Length field. */
  readonly attributesLength?: number;
  /** Overrides the Withdrawn Routes Length field. */
  readonly withdrawnLength?: number;
}

/** An UPDATE from its three parts, none of them looked at. */
export function encodeUpdate(parts: UpdateParts): Buffer {
  const withdrawn = parts.withdrawn ?? Buffer.alloc(0);
  const attributes = Buffer.concat(parts.attributes ?? []);
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16BE(parts.withdrawnLength ?? withdrawn.length, 0);
  lengths.writeUInt16BE(parts.attributesLength ?? attributes.length, 2);
  return frame(
    MessageType.Update,
    Buffer.concat([
      lengths.subarray(0, 2),
      withdrawn,
      lengths.subarray(2),
      attributes,
      parts.nlri ?? Buffer.alloc(0),
    ]),
  );
}

export interface RouteAttributes {
  readonly nextHop: string;
  /** Default 100; null leaves it out, as external peers do. */
  readonly localPref?: number | null;
  readonly asPath?: readonly number[];
  /** Whole attributes, in ascending order of type, all behind LOCAL_PREF. */
  readonly extra?: readonly Buffer[];
}

/** One UPDATE that announces prefixes of one family. */
export function announcement(prefixes: readonly string[], route: RouteAttributes): Buffer {
  const family = familyOfPrefix(prefixes[0]!);
  const preference = route.localPref === null ? [] : [localPref(route.localPref ?? 100)];
  const common = [origin(0), asPath(route.asPath ?? [])];
  if (family === 'ipv6') {
    const attributes = [
      ...common,
      ...preference,
      ...(route.extra ?? []),
      mpReach(family, route.nextHop, prefixes),
    ];
    return encodeUpdate({ attributes });
  }
  return encodeUpdate({
    attributes: [...common, nextHop(route.nextHop), ...preference, ...(route.extra ?? [])],
    nlri: Buffer.concat(prefixes.map(encodePrefix)),
  });
}

/** One UPDATE that withdraws prefixes of one family. */
export function withdrawal(prefixes: readonly string[]): Buffer {
  if (familyOfPrefix(prefixes[0]!) === 'ipv6')
    return encodeUpdate({ attributes: [mpUnreach('ipv6', prefixes)] });
  return encodeUpdate({ withdrawn: Buffer.concat(prefixes.map(encodePrefix)) });
}

export function endOfRib(family: Family): Buffer {
  return encodeUpdate(family === 'ipv4' ? {} : { attributes: [mpUnreach(family, [])] });
}

/** ROUTE-REFRESH; subtype 0 asks, 1 and 2 are BoRR and EoRR (RFC 7313 §3.2). */
export function routeRefresh(family: Family, subtype = 0): Buffer {
  return frame(MessageType.RouteRefresh, Buffer.from([0, family === 'ipv4' ? 1 : 2, subtype, 1]));
}

export function encodeNotification(code: number, subcode: number, data: Buffer = Buffer.alloc(0)): Buffer {
  return frame(MessageType.Notification, Buffer.concat([Buffer.from([code, subcode]), data]));
}
