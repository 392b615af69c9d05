/** What an Established session does with messages, in both directions. */
import { cease, updateError } from '../../../bgp/packet/notification.ts';
import { dialDeaf } from '../../harness/bgp/deaf-client.ts';
import {
  announcement,
  capability,
  encodeOpen,
  encodeUpdate,
  endOfRib,
  frame,
  KEEPALIVE,
  routeRefresh,
} from '../../harness/bgp/encode.ts';
import { TestPeer, type TestPeerOptions } from '../../harness/bgp/test-peer.ts';
import { APPLIED, type FakeSession } from './fake-rib.ts';
import { LOCAL, rangeConfig, SpeakerUnderTest } from './speaker-under-test.ts';

const ADDRESS = '127.0.1.1';
const NAME = `clients/${ADDRESS}`;
const hexBody = (message: Buffer) => message.subarray(19).toString('hex');

let subject: SpeakerUnderTest;

beforeEach(async () => {
  subject = await SpeakerUnderTest.start({
    dynamic: [rangeConfig({ routeReflectorClient: true, maxPrefixes: 9 })],
  });
});

afterEach(() => subject.close());

async function establish(options: Partial<TestPeerOptions> = {}): Promise<[TestPeer, FakeSession]> {
  const peer = TestPeer.dial(subject.target, {
    asn: 64512,
    routerId: '10.0.0.2',
    localAddress: ADDRESS,
    ...options,
  });
  await peer.established();
  return [peer, await subject.until(() => subject.rib.session(), 'a session in the RIB')];
}

describe('an Established session', () => {
  test('is what both OPENs make of it', async () => {
    const [, { session }] = await establish({ addPath: true });
    expect(session).toMatchObject({
      name: NAME,
      peerAddress: ADDRESS,
      localAddress: LOCAL,
      localAddressOtherFamily: null,
      peerAsn: 64512,
      localAsn: 64512,
      peerRouterId: '10.0.0.2',
      routeReflectorClient: true,
      families: ['ipv4', 'ipv6'],
      addPathReceive: ['ipv4', 'ipv6'],
      addPathSend: ['ipv4', 'ipv6'],
      fourOctetAs: true,
      maxMessageBytes: 4096,
      maxPrefixes: 9,
    });
  });

  test('hands UPDATE bodies to the RIB, in order, also when they are cut anywhere', async () => {
    const [peer, session] = await establish();
    const updates = Array.from({ length: 500 }, (_, i) =>
      announcement([`10.${i >> 8}.${i & 255}.0/24`], { nextHop: ADDRESS }),
    );
    const stream = Buffer.concat(updates);
    for (let at = 0; at < stream.length; at += 777) peer.send(stream.subarray(at, at + 777));
    await subject.until(() => session.updates.length === updates.length || null, '500 UPDATEs');
    expect(session.updates).toEqual(updates.map(hexBody));
    expect(subject.speaker.peer(NAME)!.messages.received).toMatchObject({ open: 1, update: 500 });
  });

  test('takes megabytes at once without losing any', async () => {
    const [peer, session] = await establish();
    const update = announcement(['10.0.0.0/24'], { nextHop: ADDRESS });
    const count = 60_000;
    peer.send(Buffer.concat(Array(count).fill(update)));
    await subject.until(() => session.updates.length === count || null, `${count} UPDATEs`);
  });

  test('writes what the RIB hands over, counts it, and tells when it has gone', async () => {
    const [peer, { output }] = await establish();
    const before = peer.messages.length;
    const route = announcement(['10.9.0.0/24'], { nextHop: LOCAL });
    output.write(Buffer.concat([route, route]));
    output.writev([route, endOfRib('ipv6')]);
    await new Promise<void>((resolve) => output.onceDrained(resolve));
    expect(output.queuedBytes()).toBe(0);
    await peer.until(() => peer.messages.length === before + 4 || null, 'four messages');
    expect(peer.routes.has('10.9.0.0/24')).toBe(true);
    expect(subject.speaker.peer(NAME)!.messages.sent).toMatchObject({ open: 1, update: 4 });
  });

  test('tells that nothing is queued also when nothing was written', async () => {
    const [, { output }] = await establish();
    await new Promise<void>((resolve) => output.onceDrained(resolve));
  });

  test('a reader that does not read shows up as queued bytes', async () => {
    const reader = dialDeaf(subject.target, ADDRESS);
    const { output } = await subject.until(() => subject.rib.session(), 'a session in the RIB');
    for (let i = 0; i < 20; i++) output.write(Buffer.alloc(1_000_000, 0xff));
    expect(output.queuedBytes()).toBeGreaterThan(0);
    expect(subject.speaker.peer(NAME)!.outputQueueBytes).toBe(output.queuedBytes());
    reader.resume();
    await new Promise<void>((resolve) => output.onceDrained(resolve));
    expect(output.queuedBytes()).toBe(0);
    reader.destroy();
  });

  test('asks the RIB for a family again on ROUTE-REFRESH (RFC 2918)', async () => {
    const [peer, session] = await establish({ families: ['ipv4'] });
    const refresh = (afi: number, safi: number, subtype = 0) =>
      frame(5, Buffer.from([0, afi, subtype, safi]));
    peer.send(Buffer.concat([refresh(2, 1), refresh(1, 70), refresh(1, 1, 1), refresh(1, 1)]));
    await subject.until(() => session.refreshed.length > 0 || null, 'a refresh');
    expect(session.refreshed).toEqual(['ipv4']);
    expect(subject.speaker.peer(NAME)!.state).toBe('Established');
  });

  test('hands the markers of a refresh to the RIB where both ends offered them, but not before End-of-RIB (RFC 7313 §4)', async () => {
    const [peer, session] = await establish({ capabilities: [capability.enhancedRefresh()] });
    expect(session.session.enhancedRefresh).toBe(true);
    subject.rib.judge = (body) => ({ ...APPLIED, endOfRib: body.length === 4 ? 'ipv4' : null });
    peer.send(Buffer.concat([1, 2].map((subtype) => routeRefresh('ipv4', subtype))));
    peer.send(endOfRib('ipv4'));
    peer.send(Buffer.concat([1, 2, 0].map((subtype) => routeRefresh('ipv4', subtype))));
    peer.send(Buffer.concat([1, 0].map((subtype) => routeRefresh('ipv6', subtype))));
    await subject.until(() => session.refreshed.includes('ipv6') || null, 'the last refresh');
    expect(session.refreshed).toEqual(['begin ipv4', 'end ipv4', 'ipv4', 'ipv6']);
    expect(subject.speaker.peer(NAME)!.state).toBe('Established');
  });

  test('soft in asks for the routes of each negotiated family, soft out has the RIB send them again', async () => {
    const [peer, session] = await establish();
    expect(subject.speaker.softResetPeer(NAME, 'in')).toBe('done');
    const asked = await peer.until(() => {
      const bodies = peer.messages.filter(({ type }) => type === 5).map(({ body }) => body.toString('hex'));
      return bodies.length === 2 ? bodies : null;
    }, 'two ROUTE-REFRESH');
    expect(asked).toEqual(['00010001', '00020001']);
    expect(subject.speaker.softResetPeer(NAME, 'out')).toBe('done');
    expect(session.refreshed).toEqual(['ipv4', 'ipv6']);
    expect(subject.speaker.peer(NAME)).toMatchObject({ state: 'Established', flaps: 0 });
  });

  test('soft in of a peer that did not offer route refresh is told so (RFC 2918 §2)', async () => {
    const capabilities = [capability.multiprotocol('ipv4'), capability.fourOctetAs(64512)];
    await establish({
      open: encodeOpen({ asn: 64512, routerId: '10.0.0.2', holdTimeSec: 90, capabilities }),
    });
    expect(subject.speaker.softResetPeer(NAME, 'in')).toBe('noRouteRefresh');
    expect(subject.speaker.softResetPeer('nobody', 'in')).toBe('noSuchPeer');
  });

  test('shows what the peer offered, and what we did', async () => {
    await establish();
    const { capabilities } = subject.speaker.peer(NAME)!;
    expect(capabilities.received).toContainEqual({ code: 65, name: 'four-octet AS', value: '64512' });
    expect(capabilities.sent).toContainEqual({ code: 1, name: 'multiprotocol', value: 'ipv6' });
  });

  test('answers queries of the RIB by peer name', async () => {
    subject.rib.counts = { received: { ipv4: 3 }, accepted: { ipv4: 2 }, advertised: { ipv6: 1 } };
    await establish();
    expect(subject.speaker.peers()).toMatchObject([
      {
        name: NAME,
        received: { ipv4: 3, ipv6: 0 },
        accepted: { ipv4: 2, ipv6: 0 },
        advertised: { ipv4: 0, ipv6: 1 },
      },
    ]);
    const routes = [];
    for await (const batch of subject.speaker.routes({ received: NAME })) routes.push(...batch);
    expect(routes.map(({ prefix, peer }) => `${prefix} ${peer}`)).toEqual(['10.0.0.0/24 0', '10.0.1.0/24 0']);
    expect(subject.speaker.ribSummary().paths.ipv6).toBe(4);
  });
});

describe('a flood of one client', () => {
  test('delays nobody: another session comes up, and a reset gets through, long before its end', async () => {
    subject.rib.judge = () => {
      const end = performance.now() + 0.1;
      while (performance.now() < end);
      return APPLIED;
    };
    const [flooder, { updates }] = await establish();
    const update = announcement(['10.0.0.0/24'], { nextHop: ADDRESS });
    const count = 40_000; // four seconds of work
    flooder.send(Buffer.concat(Array(count).fill(update)));
    await subject.until(() => updates.length > 100 || null, 'the flood has begun');
    const other = TestPeer.dial(subject.target, {
      asn: 64512,
      routerId: '10.0.0.3',
      localAddress: '127.0.1.9',
    });
    await other.established();
    subject.speaker.resetPeer('clients/127.0.1.9');
    await other.notified();
    expect(updates.length).toBeLessThan(count / 2);
    subject.speaker.resetPeer(NAME);
    await flooder.notified();
    expect(updates.length).toBeLessThan(count / 2);
  });
});

describe('the verdict on an UPDATE', () => {
  test('treat-as-withdraw and discarded attributes are counted, the session stays (RFC 7606)', async () => {
    subject.rib.judge = () => ({
      ...APPLIED,
      treatedAsWithdraw: true,
      attributesDiscarded: 2,
      text: 'ORIGIN 7',
    });
    const [peer, session] = await establish();
    peer.send(Buffer.concat([encodeUpdate({}), encodeUpdate({})]));
    await subject.until(() => session.updates.length === 2 || null, 'two UPDATEs');
    expect(subject.speaker.peer(NAME)).toMatchObject({
      state: 'Established',
      treatedAsWithdraw: 2,
      attributesDiscarded: 4,
    });
  });

  test('an UPDATE error ends the session with its NOTIFICATION, and nothing behind it is applied', async () => {
    const notification = updateError.malformedAttributeList();
    subject.rib.judge = () => ({ ...APPLIED, notification, text: 'attributes of 7 octets in 3' });
    const [peer, session] = await establish();
    peer.send(Buffer.concat([encodeUpdate({}), encodeUpdate({}), KEEPALIVE]));
    expect(await peer.notified()).toMatchObject({ code: 3, subcode: 1 });
    expect(session.updates).toHaveLength(1);
    const { lastError } = await subject.state(NAME, 'Idle');
    expect(lastError).toMatchObject({ direction: 'sent', code: 3, subcode: 1 });
    expect(lastError!.text).toBe(
      'UPDATE Message Error: Malformed Attribute List: attributes of 7 octets in 3',
    );
  });

  test('too many prefixes end it with Cease 6/1 (RFC 4486)', async () => {
    subject.rib.judge = () => ({ ...APPLIED, notification: cease.maximumPrefixes(1, 1, 9) });
    const [peer] = await establish();
    peer.send(encodeUpdate({}));
    expect(await peer.notified()).toMatchObject({
      code: 6,
      subcode: 1,
      data: Buffer.from('00010100000009', 'hex'),
    });
    await subject.state(NAME, 'Idle');
  });

  test('a fault of ours costs this session only: Cease 6/8', async () => {
    subject.rib.judge = () => {
      throw new Error('a bug');
    };
    const [peer] = await establish();
    peer.send(encodeUpdate({}));
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 8 });
    expect(subject.rib.log).toEqual([`up ${NAME}`, `down ${NAME}`]);
  });
});
