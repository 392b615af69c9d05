/** Prepares what senders send: UPDATEs as octets in large pieces, before any clock runs. */
import {
  asPath,
  attribute,
  communities,
  Flag,
  localPref,
  nextHop,
  origin,
} from '../../harness/bgp/attributes.ts';
import { encodeUpdate } from '../../harness/bgp/encode.ts';
import { addressBytes, type Family } from '../../harness/bgp/prefix-text.ts';
import { nlriBytes, writePrefix } from './prefix-space.ts';

const PIECE_BYTES = 1 << 20;
const MAX_UPDATE_BYTES = 4096;
const FIRST_PRIVATE_AS = 4_200_000_000;

/** Routes of one sender that share their attributes. */
export interface RouteSet {
  /** Number of the set; travels as its community. */
  readonly set: number;
  readonly localPref: number;
  /** Prefixes `first` to `first + count - 1`. */
  readonly first: number;
  readonly count: number;
}

export interface SenderAttributes {
  readonly family: Family;
  /** Text of the family. */
  readonly nextHop: string;
}

/** UPDATEs that announce the sets in order, each in as few messages as it takes. */
export function encodeAnnouncements(sender: SenderAttributes, sets: Iterable<RouteSet>): Buffer[] {
  return gather(announcements(sender, sets));
}

/** UPDATEs that withdraw prefixes `first` to `first + count - 1`, filled as far as they go. */
export function encodeWithdrawals(family: Family, first: number, count: number): Buffer[] {
  return gather(withdrawals(family, first, count));
}

function* announcements(sender: SenderAttributes, sets: Iterable<RouteSet>): Generator<Buffer> {
  for (const set of sets) {
    const attributes = setAttributes(sender, set);
    const overhead = 64 + attributes.reduce((sum, one) => sum + one.length, 0);
    const perUpdate = Math.floor((MAX_UPDATE_BYTES - overhead) / nlriBytes(sender.family));
    for (let done = 0; done < set.count; done += perUpdate) {
      const nlri = prefixes(sender.family, set.first + done, Math.min(perUpdate, set.count - done));
      if (sender.family === 'ipv4') yield encodeUpdate({ attributes, nlri });
      else yield encodeUpdate({ attributes: [...attributes, reach(sender.nextHop, nlri)] });
    }
  }
}

/** An AS_PATH of four, as Internet routes have: what follows from the set's number makes sets differ. */
export function setAttributes(sender: SenderAttributes, set: Pick<RouteSet, 'set' | 'localPref'>): Buffer[] {
  const path = [64_600, FIRST_PRIVATE_AS + (set.set % 5000), FIRST_PRIVATE_AS + (set.set % 70_000), 64_700];
  const hop = sender.family === 'ipv4' ? [nextHop(sender.nextHop)] : [];
  return [origin(0), asPath(path), ...hop, localPref(set.localPref), communities([set.set])];
}

function* withdrawals(family: Family, first: number, count: number): Generator<Buffer> {
  const perUpdate = Math.floor((MAX_UPDATE_BYTES - 64) / nlriBytes(family));
  for (let done = 0; done < count; done += perUpdate) {
    const withdrawn = prefixes(family, first + done, Math.min(perUpdate, count - done));
    if (family === 'ipv4') yield encodeUpdate({ withdrawn });
    else yield encodeUpdate({ attributes: [unreach(withdrawn)] });
  }
}

function prefixes(family: Family, first: number, count: number): Buffer {
  const nlri = Buffer.allocUnsafe(count * nlriBytes(family));
  let at = 0;
  for (let i = 0; i < count; i++) at = writePrefix(family, first + i, nlri, at);
  return nlri;
}

const IPV6_UNICAST = [0, 2, 1];

function reach(hop: string, nlri: Buffer): Buffer {
  const head = Buffer.from([...IPV6_UNICAST, 16, ...addressBytes(hop), 0]);
  return attribute(Flag.Optional, 14, Buffer.concat([head, nlri]));
}

function unreach(nlri: Buffer): Buffer {
  return attribute(Flag.Optional, 15, Buffer.concat([Buffer.from(IPV6_UNICAST), nlri]));
}

function gather(messages: Iterable<Buffer>): Buffer[] {
  const pieces: Buffer[] = [];
  let gathered: Buffer[] = [];
  let bytes = 0;
  for (const message of messages) {
    gathered.push(message);
    bytes += message.length;
    if (bytes < PIECE_BYTES) continue;
    pieces.push(Buffer.concat(gathered));
    gathered = [];
    bytes = 0;
  }
  if (bytes > 0) pieces.push(Buffer.concat(gathered));
  return pieces;
}
