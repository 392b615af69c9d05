/**
 * The prefixes that this node originates or is connected to: what an external session announces for one of them is
 * not accepted. Exactly these: what lies inside belongs to others often enough (a borrowed address, a node).
 */
import { type Family, parsePrefix } from '../net/index.ts';
import { IdBitset } from '../path/id-bitset.ts';
import { NetField } from '../path/net-table.ts';
import { PathField } from '../path/path-table.ts';
import type { FamilyRib } from './family-rib.ts';

/** Who has declared a prefix. */
export type OwnPrefixReason = 'originated' | 'connected';

interface Held {
  readonly family: Family;
  readonly net: number;
}

export class OwnPrefixes {
  readonly #ribs: Readonly<Record<Family, FamilyRib>>;
  readonly #isOwn: Readonly<Record<Family, IdBitset>> = { ipv4: new IdBitset(), ipv6: new IdBitset() };
  /** By prefix text; the nets are retained, so that their ids stay theirs. */
  readonly #held = new Map<string, Held>();
  readonly #declared: Record<OwnPrefixReason, readonly string[]> = { originated: [], connected: [] };

  constructor(ribs: Readonly<Record<Family, FamilyRib>>) {
    this.#ribs = ribs;
  }

  /** O(1): asked for every route of an external session. */
  has(family: Family, net: number): boolean {
    return this.#isOwn[family].has(net);
  }

  /** Why the prefix (canonical text) is ours, or null. For `explain`. */
  reasonOf(prefix: string): OwnPrefixReason | null {
    if (!this.#held.has(prefix)) return null;
    return this.#declared.originated.includes(prefix) ? 'originated' : 'connected';
  }

  /** Replaces what is declared for one reason. @param onChange called with every path to a prefix that became ours, or is no more. */
  declare(
    reason: OwnPrefixReason,
    prefixes: readonly string[],
    onChange: (rib: FamilyRib, path: number) => void,
  ): void {
    this.#declared[reason] = prefixes;
    const wanted = new Set([...this.#declared.originated, ...this.#declared.connected]);
    for (const [text, held] of [...this.#held]) if (!wanted.has(text)) this.#drop(text, held, onChange);
    for (const text of wanted) if (!this.#held.has(text)) this.#add(text, onChange);
  }

  #add(text: string, onChange: (rib: FamilyRib, path: number) => void): void {
    const prefix = parsePrefix(text);
    if (prefix === null) return; // configuration hands over canonical prefixes only
    const { family } = prefix;
    const { nets } = this.#ribs[family];
    const net = nets.findOrInsert(Uint8Array.of(prefix.length, ...prefix.bytes), 0);
    nets.retain(net);
    this.#held.set(text, { family, net });
    this.#isOwn[family].add(net);
    this.#visit(family, net, onChange);
  }

  #drop(text: string, { family, net }: Held, onChange: (rib: FamilyRib, path: number) => void): void {
    this.#held.delete(text);
    this.#isOwn[family].delete(net);
    this.#visit(family, net, onChange);
    this.#ribs[family].nets.release(net);
  }

  #visit(family: Family, net: number, onChange: (rib: FamilyRib, path: number) => void): void {
    const rib = this.#ribs[family];
    for (let link = rib.nets.records.get(net, NetField.FirstPath); link !== 0; ) {
      const next = rib.paths.get(link - 1, PathField.Next);
      onChange(rib, link - 1);
      link = next;
    }
  }
}
