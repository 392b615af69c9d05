/** The changes that an accepting policy term makes to a route's attributes: canonical block to canonical block. */
import { emptyColumns } from '../packet/attributes/attribute-columns.ts';
import {
  AttributeType,
  OPTIONAL_TRANSITIVE,
  SegmentType,
  WELL_KNOWN,
} from '../packet/attributes/attribute-type.ts';
import { BlockCursor, checkBlock, writeAttributeHeader } from '../packet/attributes/canonical-block.ts';
import { parseCommunity } from '../packet/attributes/communities.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import type { PolicyOperation } from './policy-config.ts';

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
  const block = writeBlock(attributes);
  const found = store.find(block, 0, block.length);
  if (found >= 0) return found;
  const columns = emptyColumns();
  if (checkBlock(block, 0, block.length, columns) !== null) return set;
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
      replace(attributes, AttributeType.LocalPref, WELL_KNOWN, uint32(operation.localPref));
      return;
    case 'prependAsPath':
      // The first listed ends up first in the path, so the list goes on from its end.
      for (const asn of operation.asns.toReversed()) {
        const path = find(attributes, AttributeType.AsPath)?.value ?? new Uint8Array(0);
        replace(attributes, AttributeType.AsPath, WELL_KNOWN, prepend(path, asn));
      }
      return;
    case 'addCommunity': {
      const community = parseCommunity(operation.community);
      if (community === null) return;
      const code = community.length === 4 ? AttributeType.Communities : AttributeType.LargeCommunities;
      const present = find(attributes, code)?.value ?? new Uint8Array(0);
      if (hasElement(present, community)) return;
      replace(attributes, code, OPTIONAL_TRANSITIVE, Uint8Array.of(...present, ...community));
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

function prepend(path: Uint8Array, asn: number): Uint8Array {
  const canJoin = path.length > 0 && path[0] === SegmentType.AsSequence && path[1]! < 255;
  const head = Uint8Array.of(SegmentType.AsSequence, canJoin ? path[1]! + 1 : 1, ...uint32(asn));
  return Uint8Array.of(...head, ...path.subarray(canJoin ? 2 : 0));
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
