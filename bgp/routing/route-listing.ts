/** Answers to `manul routes`: generators that yield bounded batches, so that a million routes block nothing. */
import { CandidateList } from '../decision/candidates.ts';
import {
  addressFamily,
  FAMILIES,
  type Family,
  formatAddress,
  maskBytes,
  parseAddress,
  parsePrefix,
} from '../net/index.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import { NetField } from '../path/net-table.ts';
import { PathField } from '../path/path-table.ts';
import type { FamilyRib } from '../rib/family-rib.ts';
import type { SessionSlot } from '../rib/rib-port.ts';
import { LOCAL_SLOT, type SessionTable } from '../rib/session-table.ts';
import type { RouteQuery, RouteStatus } from '../speaker/speaker-status.ts';
import { ExportedAttributes } from '../update-group/export-attributes.ts';
import type { UpdateGroup } from '../update-group/update-group.ts';
import type { GroupSet } from './group-set.ts';
import {
  decodeBlock,
  decodeSet,
  nextHopText,
  prefixText,
  prefixToNlri,
  type RouteAttributes,
} from './route-decoding.ts';

/** Routes in one batch, and records looked at for one. */
const BATCH = 256;
const SCAN_SLICE = 1 << 14;

export interface ListingParts {
  readonly store: AttributeStore;
  readonly sessions: SessionTable;
  readonly ribs: Readonly<Record<Family, FamilyRib>>;
  readonly groups: Readonly<Record<Family, GroupSet>>;
  readonly nowSec: () => number;
}

export class RouteListing {
  readonly #parts: ListingParts;
  readonly #exported = new ExportedAttributes();

  constructor(parts: ListingParts) {
    this.#parts = parts;
  }

  *list(query: RouteQuery, slotByName: (name: string) => SessionSlot | null): Generator<RouteStatus[]> {
    const families = query.family === undefined ? FAMILIES : [query.family];
    if (query.longest !== undefined) {
      yield this.#longest(query.longest, query);
      return;
    }
    if (query.prefix !== undefined) {
      yield this.#exact(query.prefix, query, slotByName);
      return;
    }
    for (const family of families) {
      if (query.received !== undefined) yield* this.#received(family, slotByName(query.received));
      else if (query.advertised !== undefined) yield* this.#advertised(family, slotByName(query.advertised));
      else yield* this.#locRib(family, query.all === true);
    }
  }

  *#locRib(family: Family, isAll: boolean): Generator<RouteStatus[]> {
    const rib = this.#parts.ribs[family];
    let batch: RouteStatus[] = [];
    for (let net = 0; net < rib.nets.records.highWater; net++) {
      if (rib.nets.inUse(net)) batch.push(...this.#ofNet(rib, net, isAll));
      if (batch.length >= BATCH || (net + 1) % SCAN_SLICE === 0) {
        yield batch;
        batch = [];
      }
    }
    yield batch;
  }

  *#received(family: Family, slot: SessionSlot | null): Generator<RouteStatus[]> {
    if (slot === null) return;
    const rib = this.#parts.ribs[family];
    let batch: RouteStatus[] = [];
    for (let path = 0; path < rib.paths.highWater; path++) {
      if (rib.paths.slot(path) === slot) batch.push(this.#asReceived(rib, path));
      if (batch.length >= BATCH || (path + 1) % SCAN_SLICE === 0) {
        yield batch;
        batch = [];
      }
    }
    yield batch;
  }

  *#advertised(family: Family, slot: SessionSlot | null): Generator<RouteStatus[]> {
    const group = slot === null ? null : this.#parts.groups[family].groupOf(slot);
    if (slot === null || group === null) return;
    const rib = this.#parts.ribs[family];
    const limit = () => (group.context.addPath ? rib.paths.highWater : rib.nets.records.highWater);
    let batch: RouteStatus[] = [];
    for (let index = 0; index < limit(); index++) {
      const route = this.#asAdvertised(rib, group, index, slot);
      if (route !== null) batch.push(route);
      if (batch.length >= BATCH || (index + 1) % SCAN_SLICE === 0) {
        yield batch;
        batch = [];
      }
    }
    yield batch;
  }

  #longest(text: string, query: RouteQuery): RouteStatus[] {
    const address = parseAddress(text);
    const family = addressFamily(text);
    if (address === null || family === null) return [];
    const rib = this.#parts.ribs[family];
    for (let length = rib.nets.maxLength; length >= 0; length--) {
      const net = rib.nets.find(Uint8Array.of(length, ...maskBytes(address, length)), 0);
      const routes = net < 0 ? [] : this.#ofNet(rib, net, query.all === true);
      if (routes.some((route) => route.best)) return routes;
    }
    return [];
  }

  #exact(text: string, query: RouteQuery, slotByName: (name: string) => SessionSlot | null): RouteStatus[] {
    const prefix = parsePrefix(text, { mask: true });
    if (prefix === null) return [];
    const rib = this.#parts.ribs[prefix.family];
    const net = rib.nets.find(prefixToNlri(prefix), 0);
    if (net < 0) return [];
    if (query.received !== undefined) {
      const slot = slotByName(query.received);
      const paths = this.pathsOf(rib, net).filter((path) => rib.paths.slot(path) === slot);
      return paths.map((path) => this.#asReceived(rib, path));
    }
    if (query.advertised === undefined) return this.#ofNet(rib, net, query.all === true);
    const slot = slotByName(query.advertised);
    const group = slot === null ? null : this.#parts.groups[prefix.family].groupOf(slot);
    if (slot === null || group === null) return [];
    const indices = group.context.addPath ? this.pathsOf(rib, net) : [net];
    return indices.flatMap((index) => this.#asAdvertised(rib, group, index, slot) ?? []);
  }

  /** As accepted, or as received where it was not. */
  describe(rib: FamilyRib, path: number): RouteStatus {
    const set = rib.paths.get(path, PathField.Set) - 1;
    if (set < 0) return this.#asReceived(rib, path);
    const net = rib.paths.get(path, PathField.Net);
    return this.#status(rib, net, path, set, rib.nets.records.get(net, NetField.Best) === path + 1);
  }

  /** The path as the member in `slot` was sent it, or null. */
  advertised(rib: FamilyRib, group: UpdateGroup, path: number, slot: SessionSlot): RouteStatus | null {
    const index = group.context.addPath ? path : rib.paths.get(path, PathField.Net);
    return this.#asAdvertised(rib, group, index, slot);
  }

  /** The paths that take part in the decision. */
  candidatesOf(rib: FamilyRib, net: number): number[] {
    const list = new CandidateList();
    rib.collectCandidates(net, list);
    return Array.from(list.paths.subarray(0, list.length));
  }

  pathsOf(rib: FamilyRib, net: number): number[] {
    const paths: number[] = [];
    for (let link = rib.nets.records.get(net, NetField.FirstPath); link !== 0; ) {
      paths.push(link - 1);
      link = rib.paths.get(link - 1, PathField.Next);
    }
    return paths;
  }

  /** The best path, or all that take part in the decision. */
  #ofNet(rib: FamilyRib, net: number, isAll: boolean): RouteStatus[] {
    const best = rib.nets.records.get(net, NetField.Best) - 1;
    const list = new CandidateList();
    rib.collectCandidates(net, list);
    const routes: RouteStatus[] = [];
    for (let i = 0; i < list.length; i++) {
      const path = list.paths[i]!;
      if (path !== best && !isAll) continue;
      routes.push(this.#status(rib, net, path, list.sets[i]!, path === best));
    }
    return routes;
  }

  #status(rib: FamilyRib, net: number, path: number, set: number, isBest: boolean): RouteStatus {
    const { store, sessions } = this.#parts;
    const zone = sessions.zoneOf(rib.paths.slot(path));
    const attributes = { ...decodeSet(store, set), nextHop: nextHopText(store, set, zone) };
    return this.#route(rib, net, path, isBest, attributes);
  }

  #asReceived(rib: FamilyRib, path: number): RouteStatus {
    const net = rib.paths.get(path, PathField.Net);
    const isBest = rib.nets.records.get(net, NetField.Best) === path + 1;
    return this.#status(rib, net, path, rib.paths.receivedSet(path), isBest);
  }

  /** What the member in `slot` was told at the index of its group's Adj-RIB-Out, or null. */
  #asAdvertised(rib: FamilyRib, group: UpdateGroup, index: number, slot: SessionSlot): RouteStatus | null {
    const { store, sessions } = this.#parts;
    const set = group.adjRibOut.set(index);
    const source = group.adjRibOut.slot(index);
    if (set < 0 || source === slot) return null;
    const net = group.context.addPath ? rib.paths.get(index, PathField.Net) : index;
    const path = group.context.addPath ? index : rib.nets.records.get(net, NetField.Best) - 1;
    const exported = this.#exported;
    exported.write(
      store,
      set,
      { sourceClass: sessions.sourceClass(source), routerId: sessions.routerId(source) },
      { ...group.context, fourOctetAs: true },
      { routerId: sessions.ownRouterId, clusterId: sessions.ownClusterId },
    );
    const attributes = decodeBlock(exported.bytes, 0, exported.length);
    const nextHop = formatAddress(exported.nextHop, 0, Math.min(exported.nextHopLength, 16));
    const route = this.#route(rib, net, path, true, { ...attributes, nextHop });
    return { ...route, peer: sessions.nameOf(source), pathId: group.context.addPath ? index + 1 : null };
  }

  #route(rib: FamilyRib, net: number, path: number, best: boolean, attributes: RouteAttributes): RouteStatus {
    const { sessions, nowSec } = this.#parts;
    const slot = path < 0 ? LOCAL_SLOT : rib.paths.slot(path);
    const hasPathId = sessions.entry(slot)?.context.addPathReceive.has(rib.family) === true;
    return {
      prefix: prefixText(rib.nets, net),
      family: rib.family,
      best,
      peer: sessions.nameOf(slot),
      ...attributes,
      age: path < 0 ? 0 : Math.max(0, nowSec() - rib.paths.get(path, PathField.ChangedAt)),
      pathId: hasPathId ? rib.paths.pathId(path) >>> 0 : null,
    };
  }
}
