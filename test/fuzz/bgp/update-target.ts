/**
 * UPDATEs into a RIB with a session of every kind: each verdict, and what is then held of the session, must be what
 * the oracle says. Onlookers get what is sent on, and decode it with the decoder of the harness.
 */
import type { SessionOutput, UpdateVerdict } from '../../../bgp/rib/rib-port.ts';
import { createRib } from '../../../bgp/routing/create-rib.ts';
import { DecodingOutput } from '../../bgp/routing/decoding-output.ts';
import { CLUSTER_ID, OWN_AS, OWN_ID, ribSession, settle } from '../../bgp/routing/rib-sessions.ts';
import { type Expected, expectedOf } from './oracle/expected-update.ts';
import { ribSessionOf, SESSION_KINDS, type SessionKind } from './session-kind.ts';

const FAMILIES = ['ipv4', 'ipv6'] as const;
/** Of sessions that are sent nothing. */
const NO_OUTPUT: SessionOutput = {
  write: () => undefined,
  writev: () => undefined,
  writeRefreshMarker: () => undefined,
  queuedBytes: () => 0,
  onceDrained: (callback) => callback(),
};

interface Sender {
  readonly kind: SessionKind;
  readonly number: number;
  slot: number;
  /** What the RIB must hold of it, by the keys of the oracle. */
  readonly routes: Set<string>;
  readonly counts: { ipv4: number; ipv6: number };
}

export class UpdateTarget {
  readonly #rib = createRib({ delay: () => undefined });
  readonly #senders: Sender[];
  /** Sessions that stay, by slot: the onlookers, and one beside each sender, so that its update groups stay, too. */
  readonly #lasting: number[] = [];

  constructor() {
    this.#rib.configure({ asn: OWN_AS, routerId: OWN_ID, clusterId: CLUSTER_ID });
    this.#senders = SESSION_KINDS.map((kind, i) => ({
      kind,
      number: i + 1,
      slot: -1,
      routes: new Set(),
      counts: { ipv4: 0, ipv6: 0 },
    }));
    this.#start();
  }

  /** Feeds one body to the session of this kind. @returns what happened, with numbers left out; or throws what is wrong. */
  receive(kindIndex: number, body: Uint8Array): string {
    const sender = this.#senders[kindIndex]!;
    const message = new Uint8Array(19 + body.length);
    message.set(body, 19);
    const expected = expectedOf(body, sender.kind);
    const verdict = this.#rib.receiveUpdate(sender.slot, message, 19, message.length);
    const problem = this.#compare(sender, expected, verdict);
    if (problem !== null) throw new Error(problem);
    if (verdict.notification !== null) {
      this.#rib.removeSession(sender.slot);
      this.#up(sender);
    }
    return `${sender.kind.name} ${expected.action} ${verdict.endOfRib} ${verdict.text.replaceAll(/\d+/g, '0')}`;
  }

  /** Sends on what is due; a message that the decoder of the harness does not accept throws. */
  settle(): void {
    settle(this.#rib);
  }

  /** Ends all sessions, after which nothing may be held, and begins anew. @throws Error when something is left */
  restart(): void {
    for (const sender of this.#senders) this.#rib.removeSession(sender.slot);
    for (const slot of this.#lasting.splice(0)) this.#rib.removeSession(slot);
    settle(this.#rib);
    const left = this.#rib.footprint();
    if (Object.values(left).some((count) => count > 0))
      throw new Error(`left behind: ${JSON.stringify(left)}`);
    this.#start();
  }

  #start(): void {
    for (const sender of this.#senders) {
      this.#lasting.push(this.#rib.addSession(ribSessionOf(sender.kind, 50 + sender.number), NO_OUTPUT));
      this.#up(sender);
    }
    const onlooker = (number: number, overrides: object): void => {
      const session = ribSession(number, { families: FAMILIES, ...overrides });
      const output = new DecodingOutput(session.addPathSend, session.fourOctetAs ? 4 : 2);
      this.#lasting.push(this.#rib.addSession(session, output));
    };
    onlooker(100, {});
    onlooker(101, { addPathSend: FAMILIES, peerAsn: 65001, fourOctetAs: false, routeReflectorClient: false });
  }

  #up(sender: Sender): void {
    const { kind, number } = sender;
    sender.slot = this.#rib.addSession(ribSessionOf(kind, number), NO_OUTPUT);
    sender.routes.clear();
    sender.counts.ipv4 = 0;
    sender.counts.ipv6 = 0;
  }

  /** @returns what differs, or null. */
  #compare(sender: Sender, expected: Expected, verdict: UpdateVerdict): string | null {
    const { notification } = verdict;
    const shown = notification === null ? null : `${notification.code}/${notification.subcode}`;
    if (expected.action === 'reset') {
      if (shown !== null && expected.codes.includes(shown)) return null;
      return `expected a reset with ${expected.codes.join(' or ')}, got ${shown ?? said(verdict)}`;
    }
    this.#apply(sender, expected);
    if (expected.added.length > 0 && isBeyondLimit(sender)) {
      return shown === '6/1' ? null : `expected 6/1 for too many prefixes, got ${shown ?? said(verdict)}`;
    }
    if (shown !== null) return `expected ${expected.action}, got ${shown}: ${verdict.text}`;
    return differenceOf(expected, verdict) ?? this.#compareCounts(sender);
  }

  #apply({ routes, counts }: Sender, { removed, added }: Exclude<Expected, { action: 'reset' }>): void {
    for (const key of removed) if (routes.delete(key)) counts[familyOfKey(key)]--;
    for (const key of added) {
      if (routes.has(key)) continue;
      routes.add(key);
      counts[familyOfKey(key)]++;
    }
  }

  #compareCounts({ slot, counts }: Sender): string | null {
    const { received } = this.#rib.sessionCounts(slot);
    for (const family of FAMILIES) {
      const count = received[family] ?? 0;
      if (count !== counts[family]) return `expected ${counts[family]} ${family} routes, there are ${count}`;
    }
    return null;
  }
}

const familyOfKey = (key: string): 'ipv4' | 'ipv6' => (key.startsWith('32|') ? 'ipv4' : 'ipv6');

const isBeyondLimit = ({ kind, counts }: Sender): boolean =>
  Math.max(counts.ipv4, counts.ipv6) > (kind.maxPrefixes ?? Number.POSITIVE_INFINITY);

function differenceOf(
  expected: Exclude<Expected, { action: 'reset' }>,
  verdict: UpdateVerdict,
): string | null {
  if (verdict.treatedAsWithdraw !== (expected.action === 'withdraw')) {
    return `expected ${expected.action}, got ${said(verdict)}`;
  }
  if (expected.action === 'keep' && verdict.attributesDiscarded > 0 !== expected.discards) {
    return `expected ${expected.discards ? 'a' : 'no'} discarded attribute, got ${said(verdict)}`;
  }
  if (verdict.endOfRib === expected.endOfRib) return null;
  return `expected End-of-RIB ${expected.endOfRib}, got ${verdict.endOfRib}`;
}

function said(verdict: UpdateVerdict): string {
  const action = verdict.treatedAsWithdraw ? 'withdraw' : 'keep';
  return `${action}, ${verdict.attributesDiscarded} discarded (${verdict.text})`;
}
