/** Graceful restart (RFC 4724) and its NOTIFICATIONs (RFC 8538), as the helper of a peer and as the one that restarts. */
import type { PeerConfig, SpeakerConfig } from '../../../bgp/speaker/speaker-config.ts';
import { encodeNotification, type RestartOffer } from '../../harness/bgp/encode.ts';
import { TestPeer } from '../../harness/bgp/test-peer.ts';
import { FakeClock } from './fake-clock.ts';
import { APPLIED } from './fake-rib.ts';
import {
  LOCAL,
  peerConfig,
  rangeConfig,
  type SpeakerSetup,
  SpeakerUnderTest,
  speakerConfig,
} from './speaker-under-test.ts';

const PEER: PeerConfig = peerConfig({ name: 'a', address: '127.0.0.2', gracefulRestartSec: 120 });
const OFFER: RestartOffer = { restartTimeSec: 60, families: { ipv4: true, ipv6: true } };
const NOTIFYING: RestartOffer = { ...OFFER, notification: true };
const HARD_RESET_OF_SHUTDOWN = [6, 2];

let subject: SpeakerUnderTest;
let clock: FakeClock;

afterEach(() => subject.close());

async function start(config: Partial<SpeakerConfig>, setup: SpeakerSetup = {}): Promise<void> {
  clock = new FakeClock();
  subject = await SpeakerUnderTest.start(config, {
    clock,
    gracefulRestart: { hasRestarted: false },
    ...setup,
  });
}

async function dial(
  gracefulRestart: RestartOffer | undefined,
  localAddress = '127.0.0.2',
): Promise<TestPeer> {
  const routerId = `10.${localAddress.slice(4)}`;
  const offer = gracefulRestart === undefined ? {} : { gracefulRestart };
  const peer = TestPeer.dial(subject.target, { asn: 64512, routerId, localAddress, ...offer });
  await peer.established();
  await subject.until(() => stateOf(localAddress) === 'Established' || null, 'Established here, too');
  return peer;
}

const stateOf = (address: string) => subject.speaker.peers().find((peer) => peer.address === address)?.state;
const apply = (changes: Partial<SpeakerConfig>): void =>
  subject.speaker.apply(speakerConfig({ listen: [{ address: LOCAL, port: 0 }], ...changes }));
const logged = (line: string) => subject.until(() => subject.rib.log.includes(line) || null, line);
/** R, N, restart time, and F by family, of the capability in our OPEN. */
function offered(peer: TestPeer): readonly unknown[] {
  const value = peer.open!.capabilities.get(64)![0]!;
  const head = value.readUInt16BE(0);
  const flags = [head & 0x8000 ? 'R' : '', head & 0x4000 ? 'N' : ''].join('');
  const families = [];
  for (let at = 2; at < value.length; at += 4)
    families.push(`${value[at + 1]} ${value[at + 3]! & 0x80 ? 'F' : ''}`.trim());
  return [flags, head & 0x0fff, families];
}

describe('what we offer', () => {
  test('is help alone where the forwarding of this node ends with the speaker: no family (RFC 4724 §3)', async () => {
    clock = new FakeClock();
    subject = await SpeakerUnderTest.start({ peers: [PEER] }, { clock });
    expect(offered(await dial(OFFER))).toEqual(['', 120, []]);
  });

  test('are the families of the session, and N (RFC 8538 §2); a speaker that starts has preserved nothing', async () => {
    await start({ peers: [PEER] });
    expect(offered(await dial(OFFER))).toEqual(['N', 120, ['1', '2']]);
  });

  test('is R and F after a restart, and F alone once the peers have sent End-of-RIB (RFC 4724 §4.1)', async () => {
    await start({ peers: [PEER] }, { gracefulRestart: { hasRestarted: true } });
    const first = await dial(OFFER);
    expect(offered(first)).toEqual(['RN', 120, ['1 F', '2 F']]);
    clock.advance(1);
    subject.rib.judge = (body) => ({ ...APPLIED, endOfRib: body.length === 4 ? 'ipv4' : 'ipv6' });
    first.sendEndOfRib();
    await subject.until(() => subject.rib.held.size === 0 || null, 'nothing is held back');
    await first.close();
    await subject.until(() => stateOf('127.0.0.2') !== 'Established' || null, 'the session is over');
    expect(offered(await dial(OFFER))).toEqual(['N', 120, ['1 F', '2 F']]);
  });

  test('are families to those clients of a range that are nodes of the cluster, and to no others', async () => {
    const clients = rangeConfig({ gracefulRestartSec: 120 });
    await start({ dynamic: [clients], clusterNodes: ['127.0.1.1'] });
    expect(offered(await dial(OFFER, '127.0.1.1'))).toEqual(['N', 120, ['1', '2']]);
    expect(offered(await dial(OFFER, '127.0.1.2'))).toEqual(['', 120, []]);
  });

  test('is nothing to a peer whose restart time is not configured', async () => {
    await start({ peers: [{ ...PEER, gracefulRestartSec: null }] });
    expect(offered(await dial(OFFER))).toEqual(['', 0, []]);
  });
});

describe('a peer that is lost without a NOTIFICATION', () => {
  test('has its routes kept in the families that it named (RFC 4724 §4.2)', async () => {
    await start({ peers: [PEER] });
    const peer = await dial({ restartTimeSec: 60, families: { ipv6: true } });
    await peer.close();
    await logged('keep a ipv6');
  });

  test('has none kept where it named no family (RFC 4724 §3)', async () => {
    await start({ peers: [PEER] });
    await (await dial(undefined)).close();
    await logged('down a');
  });

  test('loses them when it is not back within its restart time (RFC 4724 §4.2)', async () => {
    await start({ peers: [PEER] });
    await (await dial(OFFER)).close();
    await logged('keep a ipv4,ipv6');
    clock.advance(59_999);
    expect(subject.rib.log).toEqual(['up a', 'keep a ipv4,ipv6']);
    clock.advance(1);
    expect(subject.rib.log.at(-1)).toBe('down a');
  });

  test('keeps those of families whose forwarding it has preserved, until End-of-RIB (RFC 4724 §4.2)', async () => {
    await start({ peers: [PEER] });
    await (await dial(OFFER)).close();
    await logged('keep a ipv4,ipv6');
    const again = await dial({ restartTimeSec: 60, restarting: true, families: { ipv4: true, ipv6: false } });
    await logged('resume a ipv4');
    clock.advance(60_000);
    expect(subject.rib.log).not.toContain('sweep a ipv4');
    subject.rib.judge = () => ({ ...APPLIED, endOfRib: 'ipv4' });
    again.sendEndOfRib();
    await logged('sweep a ipv4');
    expect(subject.rib.log.filter((line) => line.startsWith('sweep'))).toEqual(['sweep a ipv4']);
  });

  test('begins with nothing where it comes back without the capability, or without forwarding (RFC 4724 §4.2)', async () => {
    await start({ peers: [PEER] });
    await (await dial(OFFER)).close();
    await logged('keep a ipv4,ipv6');
    await dial({ restartTimeSec: 60, families: { ipv4: false } });
    expect(subject.rib.log).toEqual(['up a', 'keep a ipv4,ipv6', 'down a', 'up a']);
  });

  test('that is lost again loses what it had not sent again (RFC 4724 §4.2)', async () => {
    await start({ peers: [PEER] });
    await (await dial(OFFER)).close();
    await logged('keep a ipv4,ipv6');
    await (await dial(OFFER)).close();
    await subject.until(() => subject.rib.log.length === 6 || null, 'the second loss');
    expect(subject.rib.log.slice(2)).toEqual([
      'resume a ipv4,ipv6',
      'sweep a ipv4',
      'sweep a ipv6',
      'keep a ipv4,ipv6',
    ]);
  });

  test('and is back, but never comes to End-of-RIB, loses what is stale after six minutes', async () => {
    await start({ peers: [{ ...PEER, holdTimeSec: 0, keepaliveSec: 0 }] });
    await (await dial(OFFER)).close();
    await logged('keep a ipv4,ipv6');
    await dial(OFFER);
    await logged('resume a ipv4,ipv6');
    clock.advance(360_000);
    expect(subject.rib.log.slice(-2)).toEqual(['sweep a ipv4', 'sweep a ipv6']);
  });

  test('and that opens a new connection before the loss is seen takes its own place (RFC 4724 §4.2, §5)', async () => {
    await start({ peers: [PEER] });
    await dial(OFFER);
    await dial(OFFER);
    expect(subject.rib.log).toEqual(['up a', 'keep a ipv4,ipv6', 'resume a ipv4,ipv6']);
  });

  test('is not waited for when it is configured no more, or disabled', async () => {
    await start({ peers: [PEER, { ...PEER, name: 'b', address: '127.0.0.3' }] });
    for (const address of ['127.0.0.2', '127.0.0.3']) await (await dial(OFFER, address)).close();
    await logged('keep a ipv4,ipv6');
    await logged('keep b ipv4,ipv6');
    subject.speaker.disablePeer('b');
    expect(subject.rib.log.at(-1)).toBe('down b');
    apply({});
    expect(subject.rib.log.at(-1)).toBe('down a');
  });

  test('and was the client of a range is remembered as long as its routes are kept', async () => {
    const clients = rangeConfig({ gracefulRestartSec: 120 });
    await start({ dynamic: [clients] });
    await (await dial({ ...OFFER, restartTimeSec: 300 }, '127.0.1.1')).close();
    await logged('keep clients/127.0.1.1 ipv4,ipv6');
    clock.advance(299_000);
    expect(stateOf('127.0.1.1')).toBe('Idle');
    clock.advance(1_000);
    expect(subject.rib.log.at(-1)).toBe('down clients/127.0.1.1');
    expect(stateOf('127.0.1.1')).toBeUndefined();
  });
});

test('a client that is away loses its routes when its node is deleted', async () => {
  const dynamic = [rangeConfig({ gracefulRestartSec: 120 })];
  await start({ dynamic, clusterNodes: ['127.0.1.1'] });
  await (await dial(OFFER, '127.0.1.1')).close();
  await logged('keep clients/127.0.1.1 ipv4,ipv6');
  apply({ dynamic });
  expect(subject.rib.log.at(-1)).toBe('down clients/127.0.1.1');
});

describe('a NOTIFICATION', () => {
  test.each<[string, RestartOffer, number, string]>([
    ['ends everything where N was not exchanged (RFC 4724 §4)', OFFER, 2, 'down a'],
    ['ends the session alone where N was exchanged (RFC 8538 §4)', NOTIFYING, 2, 'keep a ipv4,ipv6'],
    ['that is a Hard Reset ends everything (RFC 8538 §3.1)', NOTIFYING, 9, 'down a'],
  ])('of the peer %s', async (_what, offer, subcode, outcome) => {
    await start({ peers: [PEER] });
    const peer = await dial(offer);
    peer.send(encodeNotification(6, subcode, Buffer.from(subcode === 9 ? HARD_RESET_OF_SHUTDOWN : [])));
    await logged(outcome);
  });

  test('of ours by which a session is made anew leaves the routes of a peer that survives it (RFC 8538 §4)', async () => {
    await start({ peers: [PEER] });
    const peer = await dial(NOTIFYING);
    apply({ peers: [{ ...PEER, holdTimeSec: 30, keepaliveSec: 10 }] });
    expect(await peer.notified()).toMatchObject({ code: 6, subcode: 6 });
    await logged('keep a ipv4,ipv6');
  });

  test('of ours that is meant for good is a Hard Reset with the reason in it (RFC 8538 §3.1)', async () => {
    await start({ peers: [PEER] });
    const peer = await dial(NOTIFYING);
    subject.speaker.disablePeer('a');
    const { code, subcode, data } = await peer.notified();
    expect([code, subcode, ...data.subarray(0, 2)]).toEqual([6, 9, 6, 2]);
    await logged('down a');
  });

  test('of ours for an expired hold timer is a Hard Reset: the node is gone, not its BGP alone', async () => {
    await start({ peers: [PEER] });
    const peer = await dial(NOTIFYING);
    clock.advance(90_000);
    const { code, subcode, data } = await peer.notified();
    expect([code, subcode, ...data]).toEqual([6, 9, 4, 0]);
    await logged('down a');
  });
});

describe('a speaker that is stopped, to be started again', () => {
  test.each<[string, RestartOffer | undefined, object | null]>([
    ['says nothing to a peer that would take it for the end (RFC 4724 §4)', OFFER, null],
    ['says so to one that survives it (RFC 8538 §4)', NOTIFYING, { code: 6, subcode: 2 }],
  ])('%s', async (_what, offer, words) => {
    await start({ peers: [PEER] });
    const peer = await dial(offer);
    await subject.close();
    await peer.closed();
    if (words === null) expect(peer.notification).toBeNull();
    else expect(peer.notification).toMatchObject(words);
  });
});

describe('End-of-RIB after a restart', () => {
  test('waits for that of every peer (RFC 4724 §4.1)', async () => {
    await start(
      { peers: [PEER, { ...PEER, name: 'b', address: '127.0.0.3' }] },
      { gracefulRestart: { hasRestarted: true } },
    );
    clock.advance(1);
    expect([...subject.rib.held]).toEqual(['ipv4', 'ipv6']);
    subject.rib.judge = (body) => ({ ...APPLIED, endOfRib: body.length === 4 ? 'ipv4' : 'ipv6' });
    (await dial(OFFER)).sendEndOfRib();
    const second = await dial(OFFER, '127.0.0.3');
    expect(subject.rib.held.size).toBe(2);
    second.sendEndOfRib();
    await subject.until(() => subject.rib.held.size === 0 || null, 'nothing is held back');
  });

  test('does not wait for a peer that restarts itself (RFC 4724 §4.1)', async () => {
    await start({ peers: [PEER] }, { gracefulRestart: { hasRestarted: true } });
    clock.advance(1);
    await dial({ ...OFFER, restarting: true });
    expect(subject.rib.held.size).toBe(0);
  });

  test('waits two minutes for peers that do not come (RFC 4724 §4.1, Selection_Deferral_Timer)', async () => {
    await start({ peers: [PEER] }, { gracefulRestart: { hasRestarted: true } });
    clock.advance(119_999);
    expect(subject.rib.held.size).toBe(2);
    clock.advance(1);
    expect(subject.rib.held.size).toBe(0);
  });

  test('waits ten seconds for the clients of ranges, whose number nobody knows', async () => {
    await start({ dynamic: [rangeConfig()] }, { gracefulRestart: { hasRestarted: true } });
    clock.advance(9_999);
    expect(subject.rib.held.size).toBe(2);
    clock.advance(1);
    expect(subject.rib.held.size).toBe(0);
  });

  test('is not held back by a speaker that starts for the first time', async () => {
    await start({ peers: [PEER] });
    expect(subject.rib.held.size).toBe(0);
  });
});

describe('a change of the topology, and a node that has heard of it before us', () => {
  const NODE = peerConfig({ name: 'mesh/n1', kind: 'mesh', address: '127.0.0.2', gracefulRestartSec: 120 });
  const clusterNodes = ['127.0.0.2'];

  test('its routes are kept when it ends the session, until they have others in their place', async () => {
    await start({ peers: [NODE], clusterNodes });
    const peer = await dial(NOTIFYING);
    subject.rib.soleSources.add('mesh/n1');
    peer.send(encodeNotification(6, 3));
    await logged('keep mesh/n1 ipv4,ipv6');
    apply({ clusterNodes });
    clock.advance(30_000);
    expect(subject.rib.log.at(-1)).toBe('keep mesh/n1 ipv4,ipv6');
    subject.rib.soleSources.clear();
    clock.advance(500);
    expect(subject.rib.log.at(-1)).toBe('down mesh/n1');
    expect(subject.speaker.peers()).toEqual([]);
  });

  test('likewise when we have heard of it first', async () => {
    await start({ peers: [NODE], clusterNodes });
    const peer = await dial(NOTIFYING);
    apply({ clusterNodes });
    peer.send(encodeNotification(6, 3));
    await logged('keep mesh/n1 ipv4,ipv6');
    clock.advance(9_000);
    expect(stateOf('127.0.0.2')).toBe('Idle');
    clock.advance(1_500);
    expect(subject.rib.log.at(-1)).toBe('down mesh/n1');
  });
});
