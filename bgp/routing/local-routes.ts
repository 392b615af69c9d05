/** Routes that this speaker originates (RFC 4271 §9.4): paths of slot 0 with attributes made from configuration. */
import { type Family, parsePrefix } from '../net/index.ts';
import { ColumnFlag, emptyColumns } from '../packet/attributes/attribute-columns.ts';
import {
  AttributeType,
  OPTIONAL_TRANSITIVE,
  OriginValue,
  WELL_KNOWN,
} from '../packet/attributes/attribute-type.ts';
import { writeAttributeHeader } from '../packet/attributes/canonical-block.ts';
import { communities, parseCommunity } from '../packet/attributes/communities.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import type { FamilyRib } from '../rib/family-rib.ts';
import { LOCAL_SLOT } from '../rib/session-table.ts';
import type { OriginatedPrefix } from '../speaker/speaker-config.ts';
import { prefixToNlri } from './route-decoding.ts';

export class LocalRoutes {
  readonly #store: AttributeStore;
  readonly #ribs: Readonly<Record<Family, FamilyRib>>;
  /** NLRI of what is originated now, by prefix text. */
  readonly #originated = new Map<string, { readonly family: Family; readonly nlri: Uint8Array }>();

  constructor(store: AttributeStore, ribs: Readonly<Record<Family, FamilyRib>>) {
    this.#store = store;
    this.#ribs = ribs;
  }

  /** Replaces the whole set; routes that stay as they are see no change. */
  set(originated: readonly OriginatedPrefix[]): void {
    const wanted = new Set(originated.map(({ prefix }) => prefix));
    for (const [text, { family, nlri }] of this.#originated) {
      if (wanted.has(text)) continue;
      const rib = this.#ribs[family];
      const net = rib.nets.find(nlri, 0);
      if (net >= 0) rib.remove(net, LOCAL_SLOT, 0);
      this.#originated.delete(text);
    }
    for (const one of originated) this.#put(one);
  }

  #put(one: OriginatedPrefix): void {
    const prefix = parsePrefix(one.prefix);
    if (prefix === null) return; // configuration hands over canonical prefixes only
    const nlri = prefixToNlri(prefix);
    const rib = this.#ribs[prefix.family];
    const net = rib.nets.findOrInsert(nlri, 0);
    const set = this.#intern(one, prefix.family);
    rib.put(net, LOCAL_SLOT, 0, set, set);
    this.#originated.set(one.prefix, { family: prefix.family, nlri });
  }

  /** ORIGIN IGP, an empty AS_PATH, and an unspecified next hop that every export replaces by our own. */
  #intern(one: OriginatedPrefix, family: Family): number {
    const columns = emptyColumns();
    columns.flags = ColumnFlag.Origin | ColumnFlag.AsPath | ColumnFlag.LocalPref;
    columns.localPref = one.localPref;
    const values: [number, number, Uint8Array][] = [
      [AttributeType.Origin, WELL_KNOWN, Uint8Array.of(OriginValue.Igp)],
      [AttributeType.AsPath, WELL_KNOWN, new Uint8Array(0)],
      [AttributeType.NextHop, WELL_KNOWN, new Uint8Array(family === 'ipv4' ? 4 : 16)],
      [AttributeType.LocalPref, WELL_KNOWN, uint32(one.localPref)],
    ];
    const tags = distinct(one.communities.map(parseCommunity).filter((tag) => tag !== null));
    const standard = Uint8Array.from(tags.filter((tag) => tag.length === 4).flatMap((tag) => [...tag]));
    const large = Uint8Array.from(tags.filter((tag) => tag.length === 12).flatMap((tag) => [...tag]));
    if (standard.length > 0) {
      communities.check(standard, 0, standard.length, columns);
      values.push([AttributeType.Communities, OPTIONAL_TRANSITIVE, standard]);
    }
    if (large.length > 0) values.push([AttributeType.LargeCommunities, OPTIONAL_TRANSITIVE, large]);
    const block = writeBlock(values);
    const found = this.#store.find(block, 0, block.length);
    return found >= 0 ? found : this.#store.insert(block, 0, block.length, columns);
  }
}

/** Each of the octet strings once (RFC 8092 §3), in order of first occurrence. */
function distinct(tags: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(tags.map((tag) => [tag.join('.'), tag])).values()];
}

function writeBlock(values: readonly [number, number, Uint8Array][]): Uint8Array {
  const block = new Uint8Array(values.reduce((sum, [, , value]) => sum + value.length + 4, 0));
  let at = 0;
  for (const [code, flags, value] of values) {
    at = writeAttributeHeader(block, at, code, flags, value.length);
    block.set(value, at);
    at += value.length;
  }
  return block.subarray(0, at);
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
