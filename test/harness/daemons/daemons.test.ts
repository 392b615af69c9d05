/** Every daemon runner by itself, against two test peers: it starts, peers, shows routes, changes, resets and stops. */
import { describeWith } from '../../support/requirements.ts';
import { clusterList, originatorId } from '../bgp/attributes.ts';
import { TestListener } from '../bgp/test-listener.ts';
import { TestPeer } from '../bgp/test-peer.ts';
import { pollUntil } from '../deadline.ts';
import { freePort } from '../process/free-port.ts';
import { ALL_DAEMONS } from './all-daemons.ts';
import type { Daemon } from './daemon.ts';

const ASN = 64512;
const ADDRESS = '127.0.9.1';
const ACTIVE = '127.0.9.2';
const PASSIVE = '127.0.9.3';

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ commands: kind.commands, root: kind.needsRoot }, 'runner', () => {
    let daemon: Daemon;
    let listener: TestListener;
    let dialed: TestPeer;
    let accepted: TestPeer;
    let port: number;

    beforeAll(async () => {
      listener = await TestListener.listen(ACTIVE, 0, { asn: ASN, routerId: '10.0.9.2' });
      port = await freePort(ADDRESS);
      const common = { asn: ASN, holdTimeSec: 30, families: ['ipv4', 'ipv6'] as const };
      daemon = await kind.start({
        namespace: null,
        address: ADDRESS,
        port,
        asn: ASN,
        routerId: '10.0.9.1',
        networks: ['10.9.1.0/24', 'fd09:1::/64'],
        ipv6Address: 'fd09::1',
        neighbors: [
          { ...common, address: ACTIVE, port: listener.port, passive: false },
          { ...common, address: PASSIVE, port: 1790, passive: true },
        ],
      });
      accepted = await (await listener.accepted()).established();
      dialed = await dial();
    }, 60_000);

    /** A daemon that does not know the neighbor yet closes at once: dial again. */
    const dial = (): Promise<TestPeer> =>
      pollUntil(async () => {
        const options = { asn: ASN, routerId: '10.0.9.3', localAddress: PASSIVE };
        return await TestPeer.dial({ address: ADDRESS, port }, options).established();
      }, 'dialed session comes up');

    afterAll(async () => {
      await daemon?.stop();
      await dialed?.close();
      await listener?.close();
    }, 60_000);

    test('peers whichever side dials and announces its networks of both families', async () => {
      for (const peer of [dialed, accepted]) {
        expect((await peer.route('10.9.1.0/24')).nextHop).toBe(ADDRESS);
        expect((await peer.route('fd09:1::/64')).nextHop).toBe('fd09::1');
      }
      await pollUntil(async () => (await daemon.isEstablished(ACTIVE)) || null, 'active session shown');
      await pollUntil(async () => (await daemon.isEstablished(PASSIVE)) || null, 'passive session shown');
    }, 60_000);

    test('shows received routes with next hop, ORIGINATOR_ID and CLUSTER_LIST', async () => {
      const reflected = [originatorId('10.0.9.77'), clusterList(['10.0.9.78', '10.0.9.79'])];
      dialed.announce(['10.9.2.0/24'], { nextHop: '192.0.2.77', localPref: 123, extra: reflected });
      dialed.announce(['fd09:2::/64'], { nextHop: 'fd09::77', extra: reflected });
      for (const [family, prefix, nextHop] of [
        ['ipv4', '10.9.2.0/24', '192.0.2.77'],
        ['ipv6', 'fd09:2::/64', 'fd09::77'],
      ] as const) {
        const shown = await pollUntil(
          async () => (await daemon.routes(family)).find((route) => route.prefix === prefix),
          `${prefix} shown`,
        );
        expect(shown).toEqual({
          prefix,
          nextHop,
          localPref: family === 'ipv4' ? 123 : 100,
          originatorId: '10.0.9.77',
          clusterList: ['10.0.9.78', '10.0.9.79'],
        });
      }
      dialed.withdraw(['10.9.2.0/24']);
      await pollUntil(
        async () => (await daemon.routes('ipv4')).every((route) => route.prefix !== '10.9.2.0/24') || null,
        'withdrawn route gone',
      );
    }, 60_000);

    test('announces and withdraws at run time', async () => {
      await daemon.setNetworks(['10.9.3.0/24', 'fd09:1::/64', 'fd09:3::/64']);
      await Promise.all([
        dialed.route('10.9.3.0/24'),
        dialed.route('fd09:3::/64'),
        dialed.noRoute('10.9.1.0/24'),
      ]);
      expect(dialed.routes.has('fd09:1::/64')).toBe(true);
      expect(dialed.isEstablished).toBe(true);
    }, 60_000);

    test('resets one session and leaves the other alone', async () => {
      await daemon.resetSession(PASSIVE);
      await dialed.closed();
      expect(dialed.notification?.code).toBe(6);
      expect(accepted.isEstablished).toBe(true);
      dialed = await dial();
    }, 60_000);
  });
});
