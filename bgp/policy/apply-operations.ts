/** The changes that an accepting policy term makes to a route's attributes: canonical block to canonical block. */
import { ColumnFlag, emptyColumns } from '../packet/attributes/attribute-columns.ts';
import {
  AttributeType,
  OPTIONAL_TRANSITIVE,
  SegmentType,
  WELL_KNOWN,
} from '../packet/attributes/attribute-type.ts';
import {
  BlockCursor,
  checkValues,
  MAX_VALUE_BYTES,
  writeAttributeHeader,
} from '../packet/attributes/canonical-block.ts';
import { parseCommunity } from '../packet/attributes/communities.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import type { PolicyOperation } from './policy-config.ts';

/** ASes in one segment (RFC 4271 §4.3). */
const MAX_SEGMENT = 255;

/** No operation changes the next hop, which is unspecified in routes of our own. */
const NEXT_HOP_FLAGS = ColumnFlag.NextHop | ColumnFlag.NextHopIpv4;

interface Attribute {
  code: number;
  flags: number;
  value: Uint8Array;
}

/**
 * The interned set that results from the operations, in order. It has no reference of its own yet.
 * Operations that would make an invalid attribute leave the set as it was.
 */
export function applyOperations(
  store: AttributeStore,
  set: number,
  operations: readonly PolicyOperation[],
): number {
  const attributes = readAttributes(store, set);
  for (const operation of operations) applyOne(attributes, operation);
  if (attributes.some(({ value }) => value.length > MAX_VALUE_BYTES)) return set;
  const block = writeBlock(attributes);
  const found = store.find(block, 0, block.length);
  if (found >= 0) return found;
  const columns = emptyColumns();
  if (checkValues(block, 0, block.length, columns, AttributeType.NextHop) !== null) return set;
  columns.flags |= store.flags(set) & NEXT_HOP_FLAGS;
  return store.insert(block, 0, block.length, columns);
}

function readAttributes(store: AttributeStore, set: number): Attribute[] {
  const bytes = store.bytes(set);
  const start = store.offset(set);
  const cursor = new BlockCursor(bytes, start, start + store.length(set));
  const attributes: Attribute[] = [];
  while (cursor.next()) {
    const value = bytes.slice(cursor.at, cursor.at + cursor.length);
    attributes.push({ code: cursor.code, flags: cursor.flags, value });
  }
  return attributes;
}

function writeBlock(attributes: Attribute[]): Uint8Array {
  attributes.sort((a, b) => a.code - b.code);
  const block = new Uint8Array(attributes.reduce((sum, { value }) => sum + value.length + 4, 0));
  let at = 0;
  for (const { code, flags, value } of attributes) {
    at = writeAttributeHeader(block, at, code, flags, value.length);
    block.set(value, at);
    at += value.length;
  }
  return block.subarray(0, at);
}

function applyOne(attributes: Attribute[], operation: PolicyOperation): void {
  switch (operation.kind) {
    case 'setLocalPref':
      replace(attributes, AttributeType.LocalPref, WELL_KNOWN, Uint8Array.from(uint32(operation.localPref)));
      return;
    case 'setOnlyToCustomer':
      replace(
        attributes,
        AttributeType.OnlyToCustomer,
        OPTIONAL_TRANSITIVE,
        Uint8Array.from(uint32(operation.asn)),
      );
      return;
    case 'prependAsPath': {
      const path = find(attributes, AttributeType.AsPath)?.value ?? new Uint8Array(0);
      replace(attributes, AttributeType.AsPath, WELL_KNOWN, prepend(path, operation.asns));
      return;
    }
    case 'addCommunity': {
      const community = parseCommunity(operation.community);
      if (community === null) return;
      const code = community.length === 4 ? AttributeType.Communities : AttributeType.LargeCommunities;
      const present = find(attributes, code)?.value ?? new Uint8Array(0);
      if (hasElement(present, community)) return;
      replace(attributes, code, OPTIONAL_TRANSITIVE, concat(present, community));
    }
  }
}

function find(attributes: readonly Attribute[], code: number): Attribute | undefined {
  return attributes.find((attribute) => attribute.code === code);
}

function replace(attributes: Attribute[], code: number, flags: number, value: Uint8Array): void {
  const present = find(attributes, code);
  if (present === undefined) attributes.push({ code, flags, value });
  else present.value = value;
}

/** True when `element` occurs in the list of equally long elements. */
export function hasElement(list: Uint8Array, element: Uint8Array): boolean {
  for (let p = 0; p < list.length; p += element.length) {
    if (element.every((octet, i) => octet === list[p + i])) return true;
  }
  return false;
}

/** The path with `asns` in front, the first listed first: one long AS_SEQUENCE, cut where a segment is full. */
function prepend(path: Uint8Array, asns: readonly number[]): Uint8Array {
  const joins = path.length > 0 && path[0] === SegmentType.AsSequence;
  const joined = joins ? path[1]! : 0;
  const octets = asns.flatMap(uint32);
  for (let i = 2; i < 2 + 4 * joined; i++) octets.push(path[i]!);
  const segments: number[] = [];
  // Only the first segment is not full, as if the ASes had come one by one.
  for (let count = octets.length >> 2, taken = 0; taken < count; ) {
    const size = (count - taken) % MAX_SEGMENT || MAX_SEGMENT;
    segments.push(SegmentType.AsSequence, size);
    for (let i = 4 * taken; i < 4 * (taken + size); i++) segments.push(octets[i]!);
    taken += size;
  }
  return concat(segments, path.subarray(joins ? 2 + 4 * joined : 0));
}

function concat(head: ArrayLike<number>, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}

function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
