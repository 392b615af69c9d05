/**
 * From UPDATE bytes to the Adj-RIBs-In (RFC 4271 §6.3, §9; errors by RFC 7606): finds the parts, interns the
 * attributes, applies loop checks and import policy, and puts or removes each path.
 */
import { afiOf, FAMILIES, type Family, Safi } from '../net/index.ts';
import { ColumnFlag } from '../packet/attributes/attribute-columns.ts';
import { CanonicalBlock } from '../packet/attributes/canonical-block.ts';
import { cease, updateError } from '../packet/notification.ts';
import { isMeaningless, nlriBytes } from '../packet/update/nlri.ts';
import { type NlriRange, UpdateReader } from '../packet/update/update-reader.ts';
import type { AttributeStore } from '../path/attribute-store.ts';
import { PathField } from '../path/path-table.ts';
import { REJECTED } from '../policy/compile-policy.ts';
import { importProblem } from '../policy/import-check.ts';
import { rewriteImported } from '../policy/import-rewrite.ts';
import { type FamilyRib, MAX_PATHS_OF_PREFIX } from './family-rib.ts';
import type { OwnPrefixes } from './own-prefixes.ts';
import type { UpdateVerdict } from './rib-port.ts';
import type { SessionEntry, SessionTable } from './session-table.ts';

const ALL_WELL: UpdateVerdict = Object.freeze({
  notification: null,
  treatedAsWithdraw: false,
  attributesDiscarded: 0,
  endOfRib: null,
  text: '',
});

export class UpdateImporter {
  readonly #store: AttributeStore;
  readonly #sessions: SessionTable;
  readonly #ribs: Readonly<Record<Family, FamilyRib>>;
  readonly #own: OwnPrefixes;
  readonly #reader = new UpdateReader();
  readonly #block = new CanonicalBlock();
  /** Prefixes of the present UPDATE that mean nothing as unicast routes, and paths beyond what one prefix may have. */
  #ignored = 0;

  constructor(
    store: AttributeStore,
    sessions: SessionTable,
    ribs: Readonly<Record<Family, FamilyRib>>,
    own: OwnPrefixes,
  ) {
    this.#store = store;
    this.#sessions = sessions;
    this.#ribs = ribs;
    this.#own = own;
  }

  /** Applies the UPDATE body bytes[start, end) of the session. */
  receive(entry: SessionEntry, bytes: Uint8Array, start: number, end: number): UpdateVerdict {
    const reader = this.#reader;
    this.#ignored = 0;
    if (!reader.readBody(bytes, start, end, entry.context)) return reset(reader);
    const { attributesAt, attributesEnd } = reader;
    if (attributesAt === attributesEnd) return this.#receiveBare(entry, bytes);
    const known = this.#store.findReceived(bytes, attributesAt, attributesEnd, entry.isInternal);
    // A canonical block never holds MP attributes, so a known one says that this is a plain IPv4 UPDATE.
    if (known >= 0 && entry.session.fourOctetAs) {
      this.#store.retain(known); // the withdrawals of this very UPDATE may release its last route
      this.#withdraw(entry, bytes, reader.withdrawn);
      this.#announce(entry, bytes, reader.announced, known);
      this.#store.release(known);
      return this.#conclude(entry);
    }
    if (!reader.readAttributes(bytes, entry.context)) return reset(reader);
    return this.#receiveScanned(entry, bytes);
  }

  /** No attributes at all: withdrawals, or End-of-RIB; routes without attributes lack the mandatory ones. */
  #receiveBare(entry: SessionEntry, bytes: Uint8Array): UpdateVerdict {
    const reader = this.#reader;
    this.#withdraw(entry, bytes, reader.withdrawn);
    if (reader.announced.family !== null) {
      this.#withdraw(entry, bytes, reader.announced);
      return treatedAsWithdraw('ORIGIN, AS_PATH and NEXT_HOP are missing', 0);
    }
    return reader.endOfRib === null ? ALL_WELL : { ...ALL_WELL, endOfRib: reader.endOfRib };
  }

  #receiveScanned(entry: SessionEntry, bytes: Uint8Array): UpdateVerdict {
    const reader = this.#reader;
    this.#withdraw(entry, bytes, reader.withdrawn);
    this.#withdraw(entry, bytes, reader.mpWithdrawn);
    const hasRoutes = reader.announced.family !== null || reader.mpAnnounced.family !== null;
    if (!hasRoutes) {
      const malformed = this.#problemWithoutRoutes(entry, bytes);
      if (malformed !== null) {
        // Routes of a family that was not negotiated: there is nothing to withdraw.
        if (reader.announcesIgnored) return treatedAsWithdraw(malformed, 0);
        // RFC 7606 §5.2: the routes that the attributes belong to cannot be found, so nothing less will do.
        return { ...ALL_WELL, notification: updateError.malformedAttributeList(), text: malformed };
      }
      return reader.endOfRib === null ? ALL_WELL : { ...ALL_WELL, endOfRib: reader.endOfRib };
    }
    let problem = reader.scan.malformed;
    let discarded = 0;
    if (problem === null && reader.announced.family !== null) {
      problem = this.#announceWith(entry, bytes, reader.announced, -1, 0);
      discarded = this.#block.discarded;
    }
    if (problem === null && reader.mpAnnounced.family !== null) {
      const { mpNextHopAt, mpNextHopLength } = reader;
      problem = this.#announceWith(entry, bytes, reader.mpAnnounced, mpNextHopAt, mpNextHopLength);
      discarded = Math.max(discarded, this.#block.discarded);
    }
    if (problem !== null) {
      this.#withdraw(entry, bytes, reader.announced);
      this.#withdraw(entry, bytes, reader.mpAnnounced);
      return treatedAsWithdraw(problem, discarded);
    }
    const verdict = this.#conclude(entry);
    if (discarded === 0 || verdict.notification !== null) return verdict;
    return { ...verdict, attributesDiscarded: discarded, text: 'a malformed attribute was discarded' };
  }

  /** What is malformed, beyond what is merely discarded, in the attributes of an UPDATE that announces nothing. */
  #problemWithoutRoutes({ blockContext }: SessionEntry, bytes: Uint8Array): string | null {
    const { scan } = this.#reader;
    if (scan.malformed !== null) return scan.malformed;
    return this.#block.build(bytes, scan, blockContext, -1, 0) ?? this.#block.checkValues();
  }

  /** Interns the scanned attributes with the given next hop and announces. @returns why they are malformed. */
  #announceWith(
    entry: SessionEntry,
    bytes: Uint8Array,
    range: NlriRange,
    nextHopAt: number,
    nextHopLength: number,
  ): string | null {
    const block = this.#block;
    const problem = block.build(bytes, this.#reader.scan, entry.blockContext, nextHopAt, nextHopLength);
    if (problem !== null) return problem;
    let set = this.#store.find(block.bytes, 0, block.length);
    // A set that is there has been checked, but for our own: they have an unspecified next hop.
    if (set < 0 || (this.#store.flags(set) & ColumnFlag.NextHop) === 0) {
      const malformed = block.check();
      if (malformed !== null) return malformed;
      set = this.#store.insert(block.bytes, 0, block.length, block.columns);
    }
    this.#announce(entry, bytes, range, set);
    return null;
  }

  #announce(entry: SessionEntry, bytes: Uint8Array, range: NlriRange, receivedSet: number): void {
    const family = range.family;
    if (family === null) return;
    const rib = this.#ribs[family];
    const hasPathId = entry.context.addPathReceive.has(family);
    const offered = this.#offered(entry, receivedSet);
    this.#store.retain(receivedSet); // a policy that rejects must not free it between two routes
    if (offered >= 0) this.#store.retain(offered);
    for (let p = range.at; p < range.end; ) {
      let pathId = 0;
      if (hasPathId) {
        pathId = (bytes[p]! << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!;
        p += 4;
      }
      const at = p;
      p += nlriBytes(bytes[p]!);
      if (isMeaningless(bytes, at, rib.nets.maxLength)) {
        this.#ignored++;
        continue;
      }
      const net = rib.nets.findOrInsert(bytes, at);
      const set = offered < 0 ? REJECTED : this.#accept(entry, rib, net, offered);
      if (rib.put(net, entry.slot, pathId, receivedSet, set)) continue;
      this.#ignored++;
      if (set >= 0) this.#store.dropIfUnused(set);
    }
    if (offered >= 0) this.#store.release(offered);
    this.#store.release(receivedSet);
  }

  /** The attributes with which a received route comes before the policy, or `REJECTED`: the same for all its prefixes. */
  #offered(entry: SessionEntry, receivedSet: number): number {
    const { importIdentity } = entry;
    if (importProblem(this.#store, receivedSet, importIdentity) !== null) return REJECTED;
    return entry.isInternal ? receivedSet : rewriteImported(this.#store, receivedSet, importIdentity);
  }

  #withdraw(entry: SessionEntry, bytes: Uint8Array, range: NlriRange): void {
    const family = range.family;
    if (family === null) return;
    const rib = this.#ribs[family];
    const hasPathId = entry.context.addPathReceive.has(family);
    for (let p = range.at; p < range.end; ) {
      let pathId = 0;
      if (hasPathId) {
        pathId = (bytes[p]! << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!;
        p += 4;
      }
      const net = rib.nets.find(bytes, p);
      p += nlriBytes(bytes[p]!);
      if (net >= 0) rib.remove(net, entry.slot, pathId);
    }
  }

  /** Evaluates a path of the session again, from what was received. */
  reevaluate(rib: FamilyRib, path: number): void {
    const slot = rib.paths.slot(path);
    const entry = this.#sessions.entry(slot);
    if (entry === null) return;
    const net = rib.paths.get(path, PathField.Net);
    const receivedSet = rib.paths.receivedSet(path);
    const offered = this.#offered(entry, receivedSet);
    if (offered >= 0) this.#store.retain(offered);
    rib.reassign(path, offered < 0 ? REJECTED : this.#accept(entry, rib, net, offered));
    if (offered >= 0) this.#store.release(offered);
    rib.touch(path); // the session's client status may have changed, and with it who may get the route
  }

  /** Attributes after own prefixes are protected and the policy has spoken, or `REJECTED`. */
  #accept(entry: SessionEntry, rib: FamilyRib, net: number, set: number): number {
    if (entry.protectsOwnPrefixes && this.#own.has(rib.family, net)) return REJECTED;
    const policy = entry.importPolicies[rib.family];
    if (policy.acceptsAll) return set;
    return policy.evaluate(this.#store, rib.nets, net, set, this.#sessions.sourceClass(entry.slot));
  }

  /** The verdict once the routes are in: Cease 6/1 beyond the limit of prefixes of a family (RFC 4486 §4). */
  #conclude(entry: SessionEntry): UpdateVerdict {
    const limit = entry.session.maxPrefixes;
    if (limit === null) return this.#ignored === 0 ? ALL_WELL : ignored(this.#ignored);
    for (const family of FAMILIES) {
      const rib = this.#ribs[family];
      const count = rib.received(entry.slot);
      // What a restarted peer has not sent again counts beside what it has: path identifiers may be others now.
      if (count <= limit || (count <= 2 * limit && rib.refreshed.isUnderWay(entry.slot))) continue;
      return {
        ...ALL_WELL,
        notification: cease.maximumPrefixes(afiOf(family), Safi.Unicast, limit),
        text: `${count} ${family} prefixes exceed the limit of ${limit}`,
      };
    }
    const near = this.#reachedWarning(entry);
    if (near !== null) return { ...ALL_WELL, nearLimit: near };
    return this.#ignored === 0 ? ALL_WELL : ignored(this.#ignored);
  }

  /** A family that has come near its limit since it was last below: told once, not with each UPDATE. */
  #reachedWarning({ slot, session, nearLimit }: SessionEntry): Family | null {
    const { prefixWarning = Number.POSITIVE_INFINITY } = session;
    for (const family of FAMILIES) {
      if (this.#ribs[family].received(slot) < prefixWarning) nearLimit.delete(family);
      else if (!nearLimit.has(family)) {
        nearLimit.add(family);
        return family;
      }
    }
    return null;
  }
}

function ignored(count: number): UpdateVerdict {
  return {
    ...ALL_WELL,
    text: `${count} routes were ignored: multicast or link-local, or more than ${MAX_PATHS_OF_PREFIX} paths of one prefix`,
  };
}

function reset(reader: UpdateReader): UpdateVerdict {
  return { ...ALL_WELL, notification: reader.reset, text: reader.text };
}

function treatedAsWithdraw(text: string, attributesDiscarded: number): UpdateVerdict {
  return { ...ALL_WELL, treatedAsWithdraw: true, attributesDiscarded, text };
}
