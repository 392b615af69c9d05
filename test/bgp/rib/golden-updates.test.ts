/**
 * UPDATEs of other implementations on the real import path, and what we send on for the same routes, read by the
 * harness's decoder (RFC 4271 §4.3, RFC 4456, RFC 4760, RFC 2545, RFC 6793, RFC 7911, RFC 1997, RFC 8092, RFC 4724).
 */
import type { RibSession } from '../../../bgp/rib/rib-port.ts';
import type { RouteStatus } from '../../../bgp/speaker/speaker-status.ts';
import {
  Attr,
  asPath,
  attribute,
  Flag,
  localPref,
  nextHop,
  origin,
  uint32,
} from '../../harness/bgp/attributes.ts';
import { encodeUpdate, frame } from '../../harness/bgp/encode.ts';
import { addressBytes, encodePrefix } from '../../harness/bgp/prefix-text.ts';
import { fromHex } from '../../vectors/session-messages.ts';
import { UPDATE_VECTORS } from '../../vectors/update-messages.ts';
import type { RouteValues, UpdateVector } from '../../vectors/updates/update-vector.ts';
import { RibFixture } from '../routing/rib-fixture.ts';
import { CLUSTER_ID } from '../routing/rib-sessions.ts';

const SENDER_AS = 64500;
/** Ours where the sender is an external peer; in no AS_PATH of the vectors. */
const OWN_EXTERNAL_AS = 64999;
const SENDER_ID = '192.0.2.1';
const FAMILIES = ['ipv4', 'ipv6'] as const;
const PASSED_ON = [6, 7, 16];

function senderSession({ session }: UpdateVector): Partial<RibSession> {
  return {
    peerAsn: SENDER_AS,
    localAsn: session.isInternal ? SENDER_AS : OWN_EXTERNAL_AS,
    peerRouterId: SENDER_ID,
    families: FAMILIES,
    fourOctetAs: session.fourOctetAs,
    addPathReceive: session.addPath ? FAMILIES : [],
  };
}

function message(body: string): Buffer {
  return frame(2, Buffer.from(fromHex(body)));
}

function values(route: RouteStatus): RouteValues {
  const { family: _family, best: _best, peer: _peer, age: _age, ...rest } = route;
  return rest;
}

const byPrefix = (a: { prefix: string }, b: { prefix: string }) => a.prefix.localeCompare(b.prefix);

/** Attributes other than those with a column of their own, as the receiver of our UPDATE sees them. */
function passedOn(attributes: ReadonlyMap<number, { flags: number; value: Buffer }>) {
  return Object.fromEntries(
    [...attributes]
      .filter(([type]) => PASSED_ON.includes(type) || type > 32)
      .map(([type, { flags, value }]) => [type, { flags: flags & 0xe0, value: value.toString('hex') }]),
  );
}

describe.each(UPDATE_VECTORS)('$provenance: $name', (vector) => {
  test('is received with the values that its sender meant', () => {
    const fixture = new RibFixture();
    const sender = fixture.up(1, senderSession(vector));
    const verdict = fixture.receive(sender, message(vector.body));
    expect(verdict).toEqual({
      notification: null,
      treatedAsWithdraw: false,
      attributesDiscarded: 0,
      endOfRib: vector.endOfRib,
      text: '',
    });
    expect(fixture.received(sender).map(values).toSorted(byPrefix)).toEqual(
      vector.announced.toSorted(byPrefix),
    );
    fixture.expectNothingLeft();
  });

  test('is reflected, or passed on to an internal peer, with the same values', () => {
    const fixture = new RibFixture();
    const sender = fixture.up(1, senderSession(vector));
    const { localAsn } = sender.session;
    const client = fixture.up(2, { peerAsn: localAsn, localAsn, families: FAMILIES });
    fixture.receive(sender, message(vector.body));
    expect(client.output.prefixes).toEqual(vector.announced.map(({ prefix }) => prefix).toSorted());
    for (const route of vector.announced) {
      const { attributes, ...sent } = client.output.route(route.prefix);
      const { prefix: _prefix, pathId: _pathId, nextHop: hop, ...expected } = route;
      const reflection = vector.session.isInternal
        ? { originatorId: route.originatorId ?? SENDER_ID, clusterList: [CLUSTER_ID, ...route.clusterList] }
        : {};
      expect(sent).toEqual({
        ...expected,
        localPref: route.localPref ?? 100,
        nextHop: hop === '::ffff:192.0.2.1' ? '::ffff:c000:201' : hop,
        ...reflection,
      });
      expect(passedOn(attributes)).toEqual(vector.passedOn ?? {});
    }
    fixture.expectNothingLeft();
  });
});

/** An UPDATE with one route, `prefix` or `prefix#pathId`. */
function announcementOf(key: string): Buffer {
  const [prefix = '', pathId] = key.split('#');
  const lead = pathId === undefined ? Buffer.alloc(0) : uint32(Number(pathId));
  const nlri = Buffer.concat([lead, encodePrefix(prefix)]);
  const common = [origin(0), asPath([]), nextHop('192.0.2.1'), localPref(100)];
  if (!prefix.includes(':')) return encodeUpdate({ attributes: common, nlri });
  const hop = Buffer.concat([Buffer.from([0, 2, 1, 16]), addressBytes('2001:db8::1'), Buffer.from([0])]);
  return encodeUpdate({
    attributes: [attribute(Flag.Optional, Attr.MpReach, Buffer.concat([hop, nlri])), ...common],
  });
}

describe.each(UPDATE_VECTORS.filter(({ withdrawn }) => withdrawn.length > 0))(
  '$provenance: $name',
  (vector) => {
    test('takes exactly its routes away', () => {
      const fixture = new RibFixture();
      const sender = fixture.up(1, senderSession(vector));
      const other = vector.session.addPath ? '192.0.2.0/24#1' : '192.0.2.0/24';
      fixture.receive(sender, ...[...vector.withdrawn, other].map(announcementOf));
      expect(fixture.received(sender)).toHaveLength(vector.withdrawn.length + 1);
      fixture.receive(sender, message(vector.body));
      const left = fixture.received(sender).map(({ prefix }) => prefix);
      expect(left.toSorted()).toEqual(
        ['192.0.2.0/24', ...vector.announced.map(({ prefix }) => prefix)].toSorted(),
      );
      fixture.expectNothingLeft();
    });
  },
);
