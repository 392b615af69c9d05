/**
 * A RIB of its own, with one peer that announces and withdraws what nobody ever sees: the way of an UPDATE is taken so
 * often that it has been compiled when the first real one comes. Nothing of it is shared with the RIB of the speaker
 * but the code.
 */
import { OriginValue, SegmentType } from '../packet/attributes/attribute-type.ts';
import { ACCEPT_ALL } from '../policy/policy-config.ts';
import type { RibSession, SessionOutput } from '../rib/rib-port.ts';
import type { BestRouteColumns } from '../speaker/speaker-status.ts';
import { createRib } from './create-rib.ts';

/** Of one attribute set, and thus of one UPDATE. */
const ROUTES_PER_UPDATE = 10;
/** 100.64.0.0/10 (RFC 6598) and 198.18.0.0/15 (RFC 2544), in blocks of 64 addresses: with and without the highest bit. */
const FIRST_ADDRESSES = [0x64_40_00_00, 0xc6_12_00_00] as const;
const BLOCK_BITS = 6;
const ASN = 64_512;
/** Two subnets, likewise: 100.127.0.0/24, and 192.0.2.0/24 (RFC 5737). */
export const REHEARSAL_SUBNETS = [
  [100, 127, 0],
  [192, 0, 2],
] as const;
/** Next hops on each. */
const NEXT_HOPS = 4;
const INTERFACE = 'rehearsal';

const SESSION: RibSession = {
  name: 'rehearsal',
  peerAddress: '192.0.2.2',
  localAddress: '192.0.2.1',
  link: null,
  localAddressOtherFamily: null,
  peerAsn: ASN,
  localAsn: ASN,
  peerRouterId: '192.0.2.2',
  routeReflectorClient: false,
  families: ['ipv4'],
  addPathReceive: [],
  addPathSend: [],
  fourOctetAs: true,
  extendedNextHop: false,
  enhancedRefresh: false,
  maxMessageBytes: 4096,
  nextHop: 'auto',
  allowOwnAs: 0,
  maxPrefixes: null,
  importPolicy: ACCEPT_ALL,
  exportPolicy: ACCEPT_ALL,
};

const NOWHERE: SessionOutput = {
  write() {},
  writev() {},
  writeRefreshMarker() {},
  queuedBytes: () => 0,
  onceDrained: (callback) => queueMicrotask(callback),
};

export class RibRehearsal {
  readonly #rib = createRib({ delay: () => undefined });
  readonly #slot: number;

  /** @param onColumns takes the best routes, whose next hops are on `REHEARSAL_SUBNETS` */
  constructor(onColumns: (columns: BestRouteColumns) => void) {
    this.#rib.configure({ asn: ASN, routerId: '192.0.2.1', clusterId: null });
    this.#rib.setNextHops(
      REHEARSAL_SUBNETS.map((subnet) => ({
        prefix: `${subnet.join('.')}.0/24`,
        metric: 0,
        interfaceName: INTERFACE,
      })),
    );
    const sink = { onBestRoutes() {}, onBestRouteColumns: onColumns, onReplayed() {} };
    this.#rib.subscribeBestRoutes(sink, { replay: true });
    this.#slot = this.#rib.addSession(SESSION, NOWHERE);
  }

  /** Routes `first` to `first + count - 1`. @param variant another one leads elsewhere */
  announce(first: number, count: number, variant: number): void {
    for (let done = 0; done < count; done += ROUTES_PER_UPDATE) {
      const set = (first + done) / ROUTES_PER_UPDATE;
      const attributes = encodeAttributes(set, set + variant);
      const nlri = encodePrefixes(first + done, Math.min(ROUTES_PER_UPDATE, count - done));
      this.#receive([0, 0, ...u16(attributes.length), ...attributes, ...nlri]);
    }
  }

  withdraw(first: number, count: number): void {
    const nlri = encodePrefixes(first, count);
    this.#receive([...u16(nlri.length), ...nlri, 0, 0]);
  }

  /** Decides and delivers for a slice of time. @returns true when nothing is left to do */
  work(budgetMs: number): boolean {
    return this.#rib.work(budgetMs);
  }

  #receive(body: readonly number[]): void {
    // A Buffer, as sockets have them: code for one kind of array is of no use for the other.
    this.#rib.receiveUpdate(this.#slot, Buffer.from(body), 0, body.length);
  }
}

/** As a reflector sends them; what follows from the set's number makes sets differ. */
function encodeAttributes(set: number, way: number): number[] {
  const subnet = REHEARSAL_SUBNETS[way % REHEARSAL_SUBNETS.length]!;
  return [
    ...[0x40, 1, 1, OriginValue.Igp],
    ...[0x40, 2, 10, SegmentType.AsSequence, 2, ...u32(ASN + 1), ...u32(ASN + 2 + set)],
    ...[0x40, 3, 4, ...subnet, 10 + (way % NEXT_HOPS)],
    ...[0x40, 5, 4, ...u32(100)],
    ...[0xc0, 8, 4, ...u32(set)],
    ...[0x80, 9, 4, ...subnet, 3],
    ...[0x80, 10, 4, ...subnet, 2],
  ];
}

function encodePrefixes(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const base = FIRST_ADDRESSES[(first + i) % FIRST_ADDRESSES.length]!;
    return [32 - BLOCK_BITS, ...u32(base + ((first + i) << BLOCK_BITS))];
  }).flat();
}

function u16(value: number): number[] {
  return [value >>> 8, value & 255];
}

function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
