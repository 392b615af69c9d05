/** Decides what of a net goes to an update group: reflection rules, then the export policy. */
import type { AttributeStore } from '../path/attribute-store.ts';
import type { NetTable } from '../path/net-table.ts';
import { PathField, type PathTable } from '../path/path-table.ts';
import { CompiledPolicy, REJECTED } from '../policy/compile-policy.ts';
import type { FamilyRib } from '../rib/family-rib.ts';
import type { SessionTable } from '../rib/session-table.ts';
import { canExport } from './export-attributes.ts';
import type { ExportContext } from './export-context.ts';
import type { PackScratch } from './pack-scratch.ts';

/** The tables of one family that its update groups read. */
export interface FamilyTables {
  readonly store: AttributeStore;
  readonly nets: NetTable;
  readonly paths: PathTable;
  readonly rib: Pick<FamilyRib, 'isReachable'>;
  readonly sessions: SessionTable;
  readonly scratch: PackScratch;
}

export class ExportEvaluator {
  readonly policy: CompiledPolicy;
  readonly #tables: FamilyTables;
  readonly #context: ExportContext;
  /** A set of at most so many octets fits in a message, whatever export adds to it. */
  readonly #surelyFits: number;

  constructor(tables: FamilyTables, context: ExportContext) {
    this.#tables = tables;
    this.#context = context;
    // A two-octet session has AS_PATH one and a half times, in two attributes; the rest is of fixed size.
    this.#surelyFits = (context.maxMessageBytes >> 1) - 128;
    this.policy = new CompiledPolicy(
      context.policy,
      context.isInternal ? 'ibgp' : 'ebgp',
      context.family,
      (set) => tables.sessions.interfaceOf(set),
    );
  }

  /** Attribute set with which the path leaves, or -1 when it does not. */
  evaluate(net: number, path: number): number {
    const { store, nets, paths, rib, sessions } = this.#tables;
    const set = paths.get(path, PathField.Set) - 1;
    if (set < 0) return REJECTED;
    const slot = paths.slot(path);
    if (sessions.isGone(slot) || !rib.isReachable(set)) return REJECTED;
    const sourceClass = sessions.sourceClass(slot);
    if (!canExport(store.flags(set), sourceClass, this.#context)) return REJECTED;
    const accepted = this.policy.acceptsAll ? set : this.policy.evaluate(store, nets, net, set, sourceClass);
    if (accepted < 0 || store.length(accepted) <= this.#surelyFits) return accepted;
    return this.#fits(accepted, slot) ? accepted : this.#reject(accepted);
  }

  /** A route whose attributes fill a message is not sent, and withdrawn where it was (RFC 8654 §5). */
  #fits(set: number, slot: number): boolean {
    const { store, sessions, scratch } = this.#tables;
    const { exported } = scratch;
    const source = { sourceClass: sessions.sourceClass(slot), routerId: sessions.routerId(slot) };
    const identity = { routerId: sessions.ownRouterId, clusterId: sessions.ownClusterId };
    exported.write(store, set, source, this.#context, identity);
    return exported.fits(this.#context);
  }

  #reject(set: number): number {
    this.#tables.store.dropIfUnused(set);
    return REJECTED;
  }
}
