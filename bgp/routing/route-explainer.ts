/** Answers `manul explain`: every path to a prefix with what became of it, and of the best one on the way to peers. */
import { addressFamily, maskBytes, parseAddress, parsePrefix } from '../net/index.ts';
import { NetField } from '../path/net-table.ts';
import { PathField } from '../path/path-table.ts';
import type { FamilyRib } from '../rib/family-rib.ts';
import type { OwnPrefixes } from '../rib/own-prefixes.ts';
import type { SessionSlot } from '../rib/rib-port.ts';
import type {
  ExplainedExport,
  ExplainedPath,
  ExplainQuery,
  RouteExplanation,
} from '../speaker/route-explanation.ts';
import { explainDecision } from './explain-decision.ts';
import { type ExportVerdict, explainExport, rejected } from './explain-export.ts';
import { explainImport } from './explain-import.ts';
import { nextHopText, prefixText, prefixToNlri } from './route-decoding.ts';
import type { ListingParts, RouteListing } from './route-listing.ts';

/** Names of peers in one answer. */
const MAX_NAMES = 20;

/** Order of the paths in an answer. */
const RANK: Readonly<Record<ExplainedPath['state'], number>> = {
  best: 0,
  shares: 1,
  candidate: 2,
  ineligible: 3,
};

type SlotByName = (name: string) => SessionSlot | null;

export class RouteExplainer {
  readonly #parts: ListingParts & { readonly own: OwnPrefixes };
  readonly #listing: RouteListing;

  constructor(parts: ListingParts & { readonly own: OwnPrefixes }, listing: RouteListing) {
    this.#parts = parts;
    this.#listing = listing;
  }

  /** `to`, where it is given, is the name of a peer; without a session it gets nothing. */
  explain({ prefix, address, to }: ExplainQuery, slotByName: SlotByName): RouteExplanation {
    const family =
      (address === undefined ? parsePrefix(prefix ?? '')?.family : addressFamily(address)) ?? 'ipv4';
    const rib = this.#parts.ribs[family];
    const net =
      address === undefined ? this.#exact(rib, prefix ?? '') : this.#covering(rib, parseAddress(address), 0);
    const text = net < 0 ? (prefix ?? null) : prefixText(rib.nets, net);
    const hasPaths = net >= 0 && rib.nets.records.get(net, NetField.FirstPath) !== 0;
    if (!hasPaths) return this.#absent(rib, text, address);
    const best = rib.nets.records.get(net, NetField.Best) - 1;
    return {
      family,
      prefix: text,
      absent: null,
      coveredBy: best >= 0 ? null : this.#coveredBy(rib, text),
      best: best < 0 ? null : this.#nameOf(rib, best),
      nextHops: this.#nextHops(rib, net),
      paths: this.#paths(rib, net),
      exports: to === undefined ? this.#toAll(rib, net) : this.#toOne(rib, net, to, slotByName),
    };
  }

  #nextHops(rib: FamilyRib, net: number): string[] {
    const { store, sessions } = this.#parts;
    return rib.sharingPaths(net).map((path) => {
      const zone = sessions.zoneOf(rib.paths.slot(path));
      return nextHopText(store, rib.paths.get(path, PathField.Set) - 1, zone);
    });
  }

  #exact(rib: FamilyRib, text: string): number {
    const prefix = parsePrefix(text);
    return prefix === null ? -1 : rib.nets.find(prefixToNlri(prefix), 0);
  }

  /** The longest net with a best path that holds the address, among those shorter than `below` (0: any), or -1. */
  #covering(rib: FamilyRib, address: Uint8Array | null, below: number): number {
    if (address === null) return -1;
    for (let length = below > 0 ? below - 1 : rib.nets.maxLength; length >= 0; length--) {
      const net = rib.nets.find(Uint8Array.of(length, ...maskBytes(address, length)), 0);
      if (net >= 0 && rib.nets.records.get(net, NetField.Best) !== 0) return net;
    }
    return -1;
  }

  #coveredBy(rib: FamilyRib, text: string | null): string | null {
    const prefix = text === null ? null : parsePrefix(text);
    if (prefix === null || prefix.length === 0) return null;
    const net = this.#covering(rib, prefix.bytes, prefix.length);
    return net < 0 ? null : prefixText(rib.nets, net);
  }

  #absent(rib: FamilyRib, prefix: string | null, address: string | undefined): RouteExplanation {
    const absent =
      address === undefined
        ? 'no peer announces this prefix, and this speaker does not originate it'
        : `no route covers ${address}`;
    const coveredBy = this.#coveredBy(rib, prefix);
    return {
      family: rib.family,
      prefix,
      absent,
      coveredBy,
      best: null,
      nextHops: [],
      paths: [],
      exports: [],
    };
  }

  #paths(rib: FamilyRib, net: number): ExplainedPath[] {
    const { store, sessions } = this.#parts;
    const decisions = explainDecision(store, sessions, rib, net);
    const paths = this.#listing.pathsOf(rib, net).map((path): ExplainedPath => {
      const imported = explainImport(this.#parts, rib, path);
      const decision = decisions.get(path);
      return {
        ...this.#listing.describe(rib, path),
        state: decision?.state ?? 'ineligible',
        steps: decision === undefined ? imported : [...imported, decision.step],
      };
    });
    return paths.sort((a, b) => RANK[a.state] - RANK[b.state]);
  }

  /** Sessions of one update group are treated alike, but for the one that the path came from. */
  #toAll(rib: FamilyRib, net: number): ExplainedExport[] {
    const exports: ExplainedExport[] = [];
    for (const group of this.#parts.groups[rib.family].groups) {
      const slots = [...group.members.keys()];
      for (const path of this.#offered(rib, net, group.context.addPath)) {
        const source = path < 0 ? -1 : rib.paths.slot(path);
        const others = slots.filter((slot) => slot !== source);
        if (others.length > 0) {
          const verdict = path < 0 ? nothing() : explainExport(this.#parts, rib, group, path);
          exports.push(this.#export(rib, path, verdict, others));
        }
        if (others.length < slots.length) exports.push(this.#export(rib, path, ownRoute(), [source]));
      }
    }
    return exports;
  }

  #toOne(rib: FamilyRib, net: number, to: string, slotByName: SlotByName): ExplainedExport[] {
    const slot = slotByName(to);
    const none = { from: null, sent: false, peers: [to], peerCount: 1, route: null };
    if (slot === null) return [{ ...none, steps: rejected([], 'the session is not Established').steps }];
    const group = this.#parts.groups[rib.family].groupOf(slot);
    if (group === null) {
      return [
        { ...none, steps: rejected([], `${rib.family} was not negotiated on the session (RFC 4760)`).steps },
      ];
    }
    return this.#offered(rib, net, group.context.addPath).map((path) => {
      if (path < 0) return this.#export(rib, path, nothing(), [slot]);
      const isOwn = rib.paths.slot(path) === slot;
      const verdict = isOwn ? ownRoute() : explainExport(this.#parts, rib, group, path);
      const route = verdict.sent ? this.#listing.advertised(rib, group, path, slot) : null;
      return { ...this.#export(rib, path, verdict, [slot]), route };
    });
  }

  /** The best path, or with ADD-PATH all that take part in the decision; -1 where there is none. */
  #offered(rib: FamilyRib, net: number, addPath: boolean): number[] {
    const best = rib.nets.records.get(net, NetField.Best) - 1;
    if (!addPath || best < 0) return [best];
    return this.#listing.candidatesOf(rib, net);
  }

  #export(
    rib: FamilyRib,
    path: number,
    { sent, steps }: ExportVerdict,
    slots: readonly SessionSlot[],
  ): ExplainedExport {
    const peers = slots.slice(0, MAX_NAMES).map((slot) => this.#parts.sessions.nameOf(slot));
    return {
      from: path < 0 ? null : this.#nameOf(rib, path),
      sent,
      steps,
      peers,
      peerCount: slots.length,
      route: null,
    };
  }

  #nameOf(rib: FamilyRib, path: number): string {
    return this.#parts.sessions.nameOf(rib.paths.slot(path));
  }
}

function ownRoute(): ExportVerdict {
  return rejected([], 'split horizon: the path came from this very peer (RFC 4271 §9.2, RFC 4456 §6)');
}

function nothing(): ExportVerdict {
  return rejected([], 'no path is eligible');
}
