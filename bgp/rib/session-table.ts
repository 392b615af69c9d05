/**
 * The sessions that the RIB knows, by slot. Slot 0 is the speaker itself. A slot is reused only when no path
 * and no Adj-RIB-Out entry refers to it any more.
 */
import type { SlotFacts } from '../decision/candidates.ts';
import { type Family, parseAddress } from '../net/index.ts';
import type { BlockContext } from '../packet/attributes/canonical-block.ts';
import type { UpdateContext } from '../packet/update/update-reader.ts';
import { SourceClass } from '../path/source-class.ts';
import { CompiledPolicy, type InterfaceOf } from '../policy/compile-policy.ts';
import type { ImportIdentity } from '../policy/import-check.ts';
import type { PolicyConfig } from '../policy/policy-config.ts';
import type { RibSession, SessionOutput, SessionSlot } from './rib-port.ts';
import type { RibIdentity } from './rib-view.ts';

export const LOCAL_SLOT: SessionSlot = 0;

type ImportPolicies = Readonly<Record<Family, CompiledPolicy>>;

/** One Established session, with everything compiled that its UPDATEs need. */
export interface SessionEntry {
  readonly slot: SessionSlot;
  session: RibSession;
  readonly output: SessionOutput;
  context: UpdateContext;
  readonly blockContext: BlockContext;
  importIdentity: ImportIdentity;
  /** Routes to what is originated or connected here are not for this session to announce. */
  protectsOwnPrefixes: boolean;
  importPolicies: ImportPolicies;
  isInternal: boolean;
  /** Families that were found near the limit of prefixes and have not left its neighborhood since. */
  readonly nearLimit: Set<Family>;
}

export class SessionTable implements SlotFacts {
  readonly #entries: (SessionEntry | null)[] = [null];
  #sourceClasses = new Uint8Array(64);
  #routerIds = new Uint32Array(64);
  /** Adj-RIB-Out entries and paths that name the slot. */
  #references = new Int32Array(64);
  readonly #addresses: Uint8Array[] = [new Uint8Array(0)];
  /** Slots whose session is over and whose paths may still be there. */
  readonly #gone = new Set<SessionSlot>();
  readonly #free: SessionSlot[] = [];
  #identity: RibIdentity = { asn: 0, routerId: '0.0.0.0', clusterId: null };
  /** Our CLUSTER_ID, unsigned; the BGP Identifier where none is configured (RFC 4456 §7). */
  ownClusterId = 0;

  /** Clients of a range share their policy: it is compiled once. */
  readonly #compiled = new WeakMap<PolicyConfig, Partial<Record<'ibgp' | 'ebgp', ImportPolicies>>>();

  /** Asked by policies that name an interface. */
  interfaceOf: InterfaceOf = () => null;

  get identity(): RibIdentity {
    return this.#identity;
  }

  configure(identity: RibIdentity): void {
    this.#identity = identity;
    this.#routerIds[LOCAL_SLOT] = addressNumber(identity.routerId);
    this.ownClusterId = addressNumber(identity.clusterId ?? identity.routerId);
    for (const entry of this.#entries) {
      if (entry !== null && entry !== undefined)
        entry.importIdentity = importIdentity(entry.session, identity);
    }
  }

  /** Our BGP Identifier, unsigned. */
  get ownRouterId(): number {
    return this.#routerIds[LOCAL_SLOT]!;
  }

  add(session: RibSession, output: SessionOutput): SessionEntry {
    return this.#enter(this.#free.pop() ?? this.#entries.length, session, output);
  }

  /** Another session with the peer, whose paths of the session before are still there. */
  replace(slot: SessionSlot, session: RibSession, output: SessionOutput): SessionEntry {
    return this.#enter(slot, session, output);
  }

  #enter(slot: SessionSlot, session: RibSession, output: SessionOutput): SessionEntry {
    const isInternal = session.peerAsn === session.localAsn;
    const entry: SessionEntry = {
      slot,
      session,
      output,
      isInternal,
      nearLimit: new Set(),
      context: updateContext(session),
      blockContext: { isInternal, fourOctetAs: session.fourOctetAs },
      importIdentity: importIdentity(session, this.#identity),
      protectsOwnPrefixes: protectsOwnPrefixes(session, isInternal),
      importPolicies: this.#importPolicies(session, isInternal),
    };
    this.#entries[slot] = entry;
    this.#addresses[slot] = parseAddress(session.peerAddress) ?? new Uint8Array(16);
    this.#setFacts(slot, session, isInternal);
    return entry;
  }

  /** New policies or client status of a live session. */
  update(slot: SessionSlot, session: RibSession): void {
    const entry = this.entry(slot);
    if (entry === null) return;
    entry.session = session;
    entry.importIdentity = importIdentity(session, this.#identity);
    entry.protectsOwnPrefixes = protectsOwnPrefixes(session, entry.isInternal);
    entry.importPolicies = this.#importPolicies(session, entry.isInternal);
    this.#setFacts(slot, session, entry.isInternal);
  }

  #importPolicies({ importPolicy }: RibSession, isInternal: boolean): ImportPolicies {
    const type = isInternal ? 'ibgp' : 'ebgp';
    const known = this.#compiled.get(importPolicy);
    if (known?.[type] !== undefined) return known[type];
    const compile = (family: Family): CompiledPolicy =>
      new CompiledPolicy(importPolicy, type, family, (set) => this.interfaceOf(set));
    const compiled = { ipv4: compile('ipv4'), ipv6: compile('ipv6') };
    this.#compiled.set(importPolicy, { ...known, [type]: compiled });
    return compiled;
  }

  #setFacts(slot: SessionSlot, session: RibSession, isInternal: boolean): void {
    if (slot >= this.#sourceClasses.length) {
      const classes = new Uint8Array(slot * 2);
      classes.set(this.#sourceClasses);
      this.#sourceClasses = classes;
      const ids = new Uint32Array(slot * 2);
      ids.set(this.#routerIds);
      this.#routerIds = ids;
      const references = new Int32Array(slot * 2);
      references.set(this.#references);
      this.#references = references;
    }
    const internal = session.routeReflectorClient
      ? SourceClass.InternalClient
      : SourceClass.InternalNonClient;
    this.#sourceClasses[slot] = isInternal ? internal : SourceClass.External;
    this.#routerIds[slot] = addressNumber(session.peerRouterId);
  }

  /** Marks the session as over. @returns its entry, or null when there was none. */
  markGone(slot: SessionSlot): SessionEntry | null {
    const entry = this.entry(slot);
    if (entry === null) return null;
    this.#entries[slot] = null;
    this.#gone.add(slot);
    return entry;
  }

  isGone(slot: SessionSlot): boolean {
    return this.#gone.size > 0 && this.#gone.has(slot);
  }

  goneSlots(): Iterable<SessionSlot> {
    return this.#gone;
  }

  get hasGone(): boolean {
    return this.#gone.size > 0;
  }

  /** A path or an Adj-RIB-Out entry of the slot appeared (1) or went (-1). */
  countReference(slot: SessionSlot, difference: 1 | -1): void {
    this.#references[slot] = this.#references[slot]! + difference;
  }

  /** Gives slots of ended sessions free that nothing refers to any more. */
  recycle(): void {
    for (const slot of this.#gone) {
      if (this.#references[slot] !== 0) continue;
      this.#gone.delete(slot);
      this.#free.push(slot);
    }
  }

  /** Slots in use, the speaker's own apart. */
  get used(): number {
    return this.#entries.length - 1 - this.#free.length;
  }

  entry(slot: SessionSlot): SessionEntry | null {
    return this.#entries[slot] ?? null;
  }

  *live(): Iterable<SessionEntry> {
    for (const entry of this.#entries) if (entry !== null) yield entry;
  }

  /** Peer name, or "local". */
  nameOf(slot: SessionSlot): string {
    return slot === LOCAL_SLOT ? 'local' : (this.#entries[slot]?.session.name ?? '');
  }

  /** Interface of a session between link-local addresses, or null. */
  zoneOf(slot: SessionSlot): string | null {
    return this.#entries[slot]?.session.link?.zone ?? null;
  }

  sourceClass(slot: SessionSlot): number {
    return this.#sourceClasses[slot]!;
  }

  routerId(slot: SessionSlot): number {
    return this.#routerIds[slot]!;
  }

  comparePeerAddresses(a: SessionSlot, b: SessionSlot): number {
    const left = this.#addresses[a]!;
    const right = this.#addresses[b]!;
    if (left.length !== right.length) return left.length - right.length;
    for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return left[i]! - right[i]!;
    return 0;
  }
}

/** A dotted quad as unsigned number; 0 for text that is none. */
export function addressNumber(text: string): number {
  const bytes = parseAddress(text);
  if (bytes === null || bytes.length !== 4) return 0;
  return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
}

function updateContext(session: RibSession): UpdateContext {
  return {
    families: new Set(session.families),
    addPathReceive: new Set(session.addPathReceive),
    extendedNextHop: session.extendedNextHop,
  };
}

function protectsOwnPrefixes(session: RibSession, isInternal: boolean): boolean {
  return !isInternal && session.protectOwnPrefixes !== false;
}

function importIdentity(session: RibSession, identity: RibIdentity): ImportIdentity {
  const { localAddress, localAddressOtherFamily, link } = session;
  const own = [localAddress, localAddressOtherFamily ?? '', link?.globalAddress ?? ''].map(parseAddress);
  const routerId = addressNumber(identity.routerId);
  const isExternal = session.peerAsn !== session.localAsn;
  const role = isExternal ? (session.role ?? null) : null;
  return {
    localAsn: session.localAsn,
    allowOwnAs: session.allowOwnAs,
    routerId,
    clusterId: identity.clusterId === null ? routerId : addressNumber(identity.clusterId),
    ownAddresses: own.filter((address) => address !== null),
    peerAsn: session.peerAsn,
    // A route server leaves its own AS out (RFC 7947 §2.2.2).
    enforceFirstAs: isExternal && session.enforceFirstAs === true && role !== 'rs-client',
    role,
    honourGracefulShutdown: isExternal && session.honourGracefulShutdown !== false,
  };
}
