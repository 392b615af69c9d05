/** The runner of our own daemon, and with it the smallest whole: a reflector and one client. */
import { TestPeer } from '../bgp/test-peer.ts';
import { freePort } from '../process/free-port.ts';
import { ManulDaemon } from './manul-daemon.ts';
import { dynamicNeighborYaml, nodeYaml } from './resources.ts';

const ADDRESS = '127.0.8.1';
const CLIENT = '127.0.8.2';

describe('runner of manul', () => {
  let manul: ManulDaemon;
  let port: number;

  beforeAll(async () => {
    port = await freePort(ADDRESS);
    manul = await ManulDaemon.start({
      node: 'rr-1',
      files: {
        'node.yaml': nodeYaml({
          node: 'rr-1',
          asn: 64512,
          port,
          ipv4Address: ADDRESS,
          clusterId: '244.0.0.1',
        }),
        'clients.yaml': dynamicNeighborYaml({
          name: 'clients',
          listenRanges: ['127.0.8.0/24'],
          routeReflectorClient: true,
        }),
      },
    });
  }, 60_000);

  afterAll(async () => {
    await manul?.stop();
  }, 60_000);

  test('shows sessions and routes, serves HTTP, and comes back after a kill', async () => {
    const dial = (): TestPeer =>
      TestPeer.dial({ address: ADDRESS, port }, { asn: 64512, routerId: '10.0.8.2', localAddress: CLIENT });
    const client = await dial().established();
    client.announce(['10.8.0.0/24'], { nextHop: CLIENT });
    await manul.untilPeer(CLIENT, (peer) => peer.accepted.ipv4 === 1, 'with one route');
    expect(await manul.routes()).toMatchObject([{ prefix: '10.8.0.0/24', nextHop: CLIENT, best: true }]);
    expect(await manul.httpGet('/metrics')).toContain('manul_bgp_rib_prefixes{family="ipv4"} 1');

    manul.signal('SIGKILL');
    await client.closed();
    await manul.startAgain();
    expect(await manul.peers()).toEqual([]);
    const again = await dial().established();
    await again.close();
  }, 60_000);
});
