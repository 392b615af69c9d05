/**
 * What each peer got equals what an ungrouped reference would have sent (RFC 4271 §9.2, RFC 4456 §6): split
 * horizon, joins and ends in the middle, changes of client status and of import and export policy, of what the node
 * is connected to, drains, refreshes and slow readers.
 */

import type { PolicyTerm } from '../../../bgp/policy/policy-config.ts';
import { createRib } from '../../../bgp/routing/create-rib.ts';
import { clusterList, med as medAttribute, originatorId } from '../../harness/bgp/attributes.ts';
import { announcement, withdrawal } from '../../harness/bgp/encode.ts';
import fc from '../../support/property.ts';
import { RecordingOutput } from './recording-output.ts';
import {
  actualTable,
  expectedTable,
  type ImportRule,
  type ModelPeer,
  type ModelRoute,
  type ModelSpeaker,
  PREFERENCE,
  PREPENDED,
} from './reference-model.ts';
import { CLUSTER_ID, OWN_AS, OWN_ID, receive, ribSession, settle } from './rib-sessions.ts';

const PEERS = 6;
const PREFIXES = 5;

type Step =
  | { readonly kind: 'up' | 'down' | 'client' | 'hop' | 'refresh' | 'slow' | 'read'; readonly peer: number }
  | { readonly kind: 'reject' | 'prepend'; readonly peer: number; readonly third: number }
  | { readonly kind: 'import'; readonly peer: number; readonly rule: ImportRule | null }
  | { readonly kind: 'connected'; readonly thirds: readonly number[] }
  | { readonly kind: 'drain'; readonly state: ModelSpeaker['drain'] }
  | { readonly kind: 'work' }
  | {
      readonly kind: 'announce';
      readonly peer: number;
      readonly thirds: readonly number[];
      readonly preference: number;
      readonly path: readonly number[];
      readonly med: number | null;
      readonly reflectedBy: number | null;
    }
  | { readonly kind: 'withdraw'; readonly peer: number; readonly thirds: readonly number[] };

type PeerStep = Extract<Step, { readonly peer: number }>;

const peer = fc.nat(PEERS - 1);
const thirds = fc.uniqueArray(fc.nat(PREFIXES - 1), { minLength: 1, maxLength: PREFIXES });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('up' as const), peer }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('down' as const, 'client', 'hop', 'refresh'), peer }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('import' as const),
      peer,
      rule: fc.option(
        fc.record({ third: fc.nat(PREFIXES - 1), action: fc.constantFrom('reject' as const, 'prefer') }),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('connected' as const), thirds }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('drain' as const),
      state: fc.constantFrom('none' as const, 'none', 'graceful', 'withdrawn'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('slow' as const, 'read'), peer }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('reject' as const, 'prepend'),
      peer,
      third: fc.nat(PREFIXES),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'work' as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('announce' as const),
      peer,
      thirds,
      preference: fc.constantFrom(100, 100, 200),
      path: fc.constantFrom([], [65001], [65001, 65002], [65002, 65001], [OWN_AS]),
      med: fc.constantFrom(null, 10, 20),
      reflectedBy: fc.constantFrom(null, null, 7, 100),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), peer, thirds }) },
);

const prefixOf = (third: number) => `10.1.${third}.0/24`;

const termFor = (third: number) => ({
  name: `prefix ${third}`,
  match: { prefixes: [{ prefix: prefixOf(third), minLength: 24, maxLength: 24 }] },
});

const importTerm = ({ third, action }: ImportRule): PolicyTerm =>
  action === 'reject'
    ? { ...termFor(third), action }
    : { ...termFor(third), action: 'accept', operations: [{ kind: 'setLocalPref', localPref: PREFERENCE }] };

const prependTerm = (third: number): PolicyTerm => ({
  ...termFor(third),
  action: 'next',
  operations: [{ kind: 'prependAsPath', asns: [PREPENDED] }],
});

class World {
  readonly rib = createRib({ delay: () => undefined });
  readonly peers: ModelPeer[];
  readonly outputs = new Map<number, RecordingOutput>();
  readonly #slots = new Map<number, number>();
  #speaker: ModelSpeaker = { connected: new Set(), drain: 'none' };

  constructor(withPaths: boolean) {
    this.rib.configure({ asn: OWN_AS, routerId: OWN_ID, clusterId: CLUSTER_ID });
    this.peers = Array.from({ length: PEERS }, (_, i) => ({
      number: i + 1,
      asn: i === 5 ? 65001 : OWN_AS,
      isClient: i < 3,
      isUp: false,
      isOwnHop: false,
      rejected: new Set<number>(),
      prepended: null,
      importRule: null,
      sendsPaths: withPaths && i % 2 === 0,
      routes: new Map<string, ModelRoute>(),
    }));
  }

  #session(model: ModelPeer) {
    return ribSession(model.number, {
      peerAsn: model.asn,
      routeReflectorClient: model.isClient,
      nextHop: model.isOwnHop ? 'self' : 'auto',
      addPathSend: model.sendsPaths ? ['ipv4'] : [],
      importPolicy: {
        name: 'test',
        otherwise: 'accept',
        terms: model.importRule === null ? [] : [importTerm(model.importRule)],
      },
      exportPolicy: {
        name: 'test',
        otherwise: 'accept',
        terms: [
          ...(model.prepended === null ? [] : [prependTerm(model.prepended)]),
          ...[...model.rejected].map((third) => ({ ...termFor(third), action: 'reject' as const })),
        ],
      },
    });
  }

  run(one: Step): void {
    if (one.kind === 'work') {
      this.rib.work(0);
      return;
    }
    if (one.kind === 'connected') {
      this.#speaker = { ...this.#speaker, connected: new Set(one.thirds) };
      this.rib.setConnected(one.thirds.map(prefixOf));
      return;
    }
    if (one.kind === 'drain') {
      this.#speaker = { ...this.#speaker, drain: one.state };
      this.rib.setDrain(one.state);
      return;
    }
    const model = this.peers[one.peer]!;
    if (one.kind === 'up') {
      if (!model.isUp) this.#up(one.peer, model);
      return;
    }
    if (!model.isUp) return;
    this.#runOnLive(one, one.peer, model, this.#slots.get(one.peer)!);
  }

  #up(index: number, model: ModelPeer): void {
    const output = new RecordingOutput(model.sendsPaths ? ['ipv4'] : []);
    this.outputs.set(index, output);
    this.#slots.set(index, this.rib.addSession(this.#session(model), output));
    model.isUp = true;
  }

  #runOnLive(one: PeerStep, index: number, model: ModelPeer, slot: number): void {
    const output = this.outputs.get(index)!;
    switch (one.kind) {
      case 'down':
        this.rib.removeSession(slot);
        this.outputs.delete(index);
        model.isUp = false;
        model.routes.clear();
        break;
      case 'client':
        if (model.asn !== OWN_AS) return;
        model.isClient = !model.isClient;
        this.rib.updateSession(slot, this.#session(model));
        break;
      case 'hop':
        model.isOwnHop = !model.isOwnHop;
        this.rib.updateSession(slot, this.#session(model));
        break;
      case 'reject':
        model.rejected = one.third === PREFIXES ? new Set() : new Set([one.third]);
        this.rib.updateSession(slot, this.#session(model));
        break;
      case 'prepend':
        model.prepended = one.third === PREFIXES ? null : one.third;
        this.rib.updateSession(slot, this.#session(model));
        break;
      case 'import':
        model.importRule = one.rule;
        this.rib.updateSession(slot, this.#session(model));
        break;
      case 'refresh':
        this.rib.refresh(slot, 'ipv4');
        break;
      case 'slow':
        output.queued = 1 << 22;
        break;
      case 'read':
        output.drain();
        break;
      case 'announce':
        this.#announce(one, model, slot);
        break;
      case 'withdraw':
        receive(this.rib, slot, withdrawal(one.thirds.map(prefixOf)));
        for (const third of one.thirds) model.routes.delete(prefixOf(third));
        break;
    }
  }

  #announce(one: Extract<Step, { kind: 'announce' }>, model: ModelPeer, slot: number): void {
    const nextHop = `10.9.0.${model.number}`;
    const originator = one.reflectedBy === null ? null : `10.0.0.${one.reflectedBy}`;
    const clusters = one.reflectedBy === null ? [] : ['9.9.9.9'];
    const extra = [
      ...(one.med === null ? [] : [medAttribute(one.med)]),
      ...(originator === null ? [] : [originatorId(originator), clusterList(clusters)]),
    ];
    const verdict = receive(
      this.rib,
      slot,
      announcement(one.thirds.map(prefixOf), { nextHop, localPref: one.preference, asPath: one.path, extra }),
    );
    expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: false });
    for (const third of one.thirds) {
      model.routes.set(prefixOf(third), {
        prefix: prefixOf(third),
        nextHop,
        asPath: one.path,
        localPref: one.preference,
        med: one.med,
        originatorId: originator,
        clusterList: clusters,
      });
    }
  }

  check(): void {
    for (const output of this.outputs.values()) output.drain();
    settle(this.rib);
    for (const output of this.outputs.values()) output.drain();
    settle(this.rib);
    for (const [index, output] of this.outputs) {
      const model = this.peers[index]!;
      expect([index, ...sorted(actualTable(output.table))]).toEqual([
        index,
        ...sorted(expectedTable(this.peers, model, this.#speaker)),
      ]);
      expect(output.endsOfRib).toEqual(['ipv4']);
      const count = [...output.table.keys()].length;
      expect(this.rib.sessionCounts(this.#slots.get(index)!).advertised).toEqual({ ipv4: count });
    }
  }

  /** Everything withdrawn and every session gone leaves nothing behind. */
  end(): void {
    for (const slot of this.#slots.values()) this.rib.removeSession(slot);
    this.rib.setConnected([]);
    settle(this.rib);
    expect(this.rib.summary()).toEqual({ prefixes: { ipv4: 0, ipv6: 0 }, paths: { ipv4: 0, ipv6: 0 } });
    expect(this.rib.footprint()).toEqual({ attributeSets: 0, nets: 0, paths: 0, sessions: 0 });
  }
}

function sorted<T>(table: ReadonlyMap<string, T>): [string, T][] {
  return [...table].sort(([a], [b]) => a.localeCompare(b));
}

describe.each([
  ['best paths only', false],
  ['ADD-PATH on every other session', true],
])('grouped export, %s', (_name, withPaths) => {
  test('every peer holds what an ungrouped reference sends it', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        const world = new World(withPaths);
        for (const one of steps) world.run(one);
        world.check();
        world.end();
      }),
      { numRuns: 500 },
    );
  });
});
