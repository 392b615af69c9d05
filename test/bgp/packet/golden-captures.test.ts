/**
 * Every message that other daemons sent (test/vectors/captures), decoded, and encoded again. The octets are the same but
 * for differences that are listed here with their reason.
 */
import { join } from 'node:path';
import { KEEPALIVE } from '../../../bgp/packet/keepalive.ts';
import { decodeNotification, encodeNotification } from '../../../bgp/packet/notification-codec.ts';
import { decodeOpen, encodeOpen } from '../../../bgp/packet/open.ts';
import { decodeRouteRefresh, encodeRouteRefresh } from '../../../bgp/packet/route-refresh.ts';
import { Attr, Flag } from '../../harness/bgp/attributes.ts';
import { decodeUpdate } from '../../harness/bgp/decode.ts';
import { frame, MessageType } from '../../harness/bgp/encode.ts';
import type { Family } from '../../harness/bgp/prefix-text.ts';
import { type CapturedMessage, readCaptures } from '../../vectors/captures/capture.ts';
import { RibFixture } from '../routing/rib-fixture.ts';

const HEADER = 19;
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const AIGP = 26;
const CAPTURES = readCaptures(join(__dirname, '../../vectors/captures'));

const bytesOf = ({ hex }: CapturedMessage): Buffer => Buffer.from(hex, 'hex');
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Daemon, kind of session, body in hexadecimal, and all of it. */
const messagesOf = (type: keyof typeof MessageType) =>
  CAPTURES.flatMap((capture) =>
    capture.messages
      .filter((message) => message.type === type)
      .map((message) => {
        const session = message.isInternal ? 'internal' : 'external';
        return [capture.daemon, session, message.hex.slice(2 * HEADER), { capture, message }] as const;
      }),
  );

test.each(CAPTURES)('$daemon sends every type of message that it has', ({ daemon, messages }) => {
  // GoBGP never asks; ExaBGP 4.2 is run without route refresh, which it cannot answer.
  const asks = !['gobgp', 'exabgp'].includes(daemon);
  const types = Object.keys(MessageType).filter((type) => asks || type !== 'RouteRefresh');
  expect([...new Set(messages.map(({ type }) => type))].sort()).toEqual(types.sort());
});

test.each(messagesOf('Open'))('OPEN of %s, %s: %s', (_daemon, _session, _body, { message }) => {
  const result = decodeOpen(bytesOf(message).subarray(HEADER));
  if (!result.ok) throw new Error(`${result.notification.code}/${result.notification.subcode}`);
  expect(hexOf(encodeOpen(result.open))).toBe(hexOf(inOneParameter(bytesOf(message))));
});

test.each(messagesOf('Keepalive'))('KEEPALIVE of %s, %s%s', (_daemon, _session, _body, { message }) => {
  expect(hexOf(KEEPALIVE)).toBe(message.hex);
});

test.each(messagesOf('Notification'))(
  'NOTIFICATION of %s, %s: %s',
  (_daemon, _session, _body, { message }) => {
    expect(hexOf(encodeNotification(decodeNotification(bytesOf(message).subarray(HEADER))))).toBe(
      message.hex,
    );
  },
);

test.each(messagesOf('RouteRefresh'))(
  'ROUTE-REFRESH of %s, %s: %s',
  (_daemon, _session, _body, { message }) => {
    const result = decodeRouteRefresh(bytesOf(message), true);
    if (!('family' in result)) throw new Error(result.kind);
    expect(hexOf(encodeRouteRefresh(result.family, result.kind))).toBe(message.hex);
  },
);

test.each(messagesOf('Update'))('UPDATE of %s, %s: %s', (_daemon, _session, _body, { capture, message }) => {
  const { asn, externalAsn } = capture;
  const fixture = new RibFixture();
  const localAsn = message.isInternal ? asn : externalAsn;
  const sender = fixture.up(1, { peerAsn: asn, localAsn, peerRouterId: '192.0.2.1', families: FAMILIES });
  const client = fixture.up(2, { peerAsn: localAsn, localAsn, families: FAMILIES });
  const verdict = fixture.receive(sender, bytesOf(message));
  const captured = decodeUpdate(bytesOf(message).subarray(HEADER), new Set());
  const { endOfRib } = captured;
  expect(verdict).toMatchObject({ notification: null, treatedAsWithdraw: false, endOfRib });
  expect(client.output.prefixes).toEqual(captured.announced.map(({ prefix }) => prefix).sort());
  for (const { prefix, nextHop } of captured.announced) {
    const sent = client.output.route(prefix);
    expect(sent.nextHop).toBe(nextHop);
    expect(octetsOf(sent.attributes, ELSEWHERE)).toEqual(octetsOf(captured.attributes, [...ELSEWHERE, AIGP]));
  }
  fixture.expectNothingLeft();
});

/**
 * FRR and ExaBGP send an optional parameter for each capability, which RFC 5492 §4 allows; we put all into one. Their
 * order is kept.
 */
function inOneParameter(open: Buffer): Buffer {
  const fixed = open.subarray(HEADER, HEADER + 9);
  const parameters = open.subarray(HEADER + 10);
  const capabilities: Buffer[] = [];
  for (let at = 0; at < parameters.length; at += 2 + parameters[at + 1]!) {
    capabilities.push(parameters.subarray(at + 2, at + 2 + parameters[at + 1]!));
  }
  const all = Buffer.concat(capabilities);
  const body = [fixed, Buffer.from([all.length + 2, 2, all.length]), all];
  return frame(MessageType.Open, Buffer.concat(body));
}

/**
 * Not compared: what a reflector adds (RFC 4456 §8), LOCAL_PREF, which only internal peers have (RFC 4271 §5.1.5), and the
 * attributes that hold routes (RFC 4760), which are compared as such. AIGP goes to nobody whose session is not enabled
 * (RFC 7311 §3.1). Attributes stand in the order of their types, which no receiver may rely on (RFC 4271 §5).
 */
const ELSEWHERE: readonly number[] = [
  Attr.LocalPref,
  Attr.OriginatorId,
  Attr.ClusterList,
  Attr.MpReach,
  Attr.MpUnreach,
];

/** Flags and values by type. The extended length is a matter of the value (RFC 4271 §4.3): FRR uses it for short ones, too. */
function octetsOf(
  attributes: ReadonlyMap<number, { readonly flags: number; readonly value: Buffer }>,
  without: readonly number[],
): Record<number, string> {
  const kept = [...attributes].filter(([type]) => !without.includes(type));
  return Object.fromEntries(
    kept.map(([type, { flags, value }]) => [
      type,
      `${(flags & ~Flag.Extended).toString(16)} ${hexOf(value)}`,
    ]),
  );
}
