/**
 * Editing the resources of a running reflector changes exactly what the edit says: sessions that it does not
 * concern keep their uptime, and what is broken is reported while its last good version stays in force.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { TestListener } from '../harness/bgp/test-listener.ts';
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { pollUntil } from '../harness/deadline.ts';
import { bgpPeerYaml, blocksYaml, dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { parseExposition, sampleOf } from './support/exposition.ts';
import { ASN, type Reflector, startReflector } from './support/reflector.ts';
import type { PeerStatus, StatusReport } from './support/shown.ts';

jest.setTimeout(120_000);

const NETWORK = '127.44.0';
const CLIENT = `${NETWORK}.10`;
const OUTSIDER = '127.44.1.1';
const LATE_RANGE = dynamicNeighborYaml({
  name: 'late',
  listenRanges: ['127.44.1.0/24'],
  routeReflectorClient: true,
});

const filterYaml = (cidr: string): string => `apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: some}
spec: {importV4: [{action: Reject, matchOperator: In, cidr: ${cidr}}]}
`;

const clientsYaml = (spec: readonly string[]): string =>
  dynamicNeighborYaml({
    name: 'clients',
    listenRanges: [`${NETWORK}.0/24`],
    routeReflectorClient: true,
    spec,
  });

describe('editing the resources of a running reflector', () => {
  let reflector: Reflector;
  /** The routers behind the BGPPeers `peer-0`, `peer-1` and `peer-2`. */
  const routers: TestListener[] = [];
  let client: TestPeer;

  const routerAddress = (index: number): string => `${NETWORK}.${200 + index}`;
  const peerYaml = (index: number, asn = ASN): string =>
    bgpPeerYaml(`peer-${index}`, routerAddress(index), routers[index]!.port, asn);

  beforeAll(async () => {
    for (const index of [0, 1, 2]) {
      routers.push(
        await TestListener.listen(routerAddress(index), 0, { asn: ASN, routerId: routerAddress(index) }),
      );
    }
    reflector = await startReflector({
      address: `${NETWORK}.1`,
      listenRanges: [`${NETWORK}.0/24`],
      files: {
        ...Object.fromEntries([0, 1, 2].map((index) => [`peer-${index}.yaml`, peerYaml(index)])),
        'blocks.yaml': blocksYaml('rr-1', '10.244.0.0/16', ['10.244.1.0/26']),
        'filter.yaml': filterYaml('10.99.0.0/16'),
      },
    });
    await Promise.all(routers.map(async (router) => (await router.accepted()).established()));
    client = await reflector.dial(CLIENT).established();
    client.announce(['10.44.1.0/24', '10.44.2.0/24'], { nextHop: CLIENT });
    await untilShown((peers) => peers.filter(({ state }) => state === 'Established').length === 4);
  });

  afterAll(async () => {
    await client?.close();
    await reflector?.daemon.stop();
    await Promise.all(routers.map((router) => router.close()));
  });

  async function shown(): Promise<readonly PeerStatus[]> {
    return JSON.parse(await reflector.daemon.httpGet('/api/v1/peers')) as readonly PeerStatus[];
  }

  function untilShown(check: (peers: readonly PeerStatus[]) => boolean): Promise<readonly PeerStatus[]> {
    return pollUntil(
      async () => {
        const peers = await shown();
        return check(peers) ? peers : null;
      },
      'manul peers shows it',
      { intervalMs: 20 },
    );
  }

  async function status(): Promise<StatusReport> {
    return JSON.parse(await reflector.daemon.httpGet('/api/v1/status')) as StatusReport;
  }

  function untilStatus(check: (status: StatusReport) => boolean, what: string): Promise<StatusReport> {
    return pollUntil(
      async () => {
        const now = await status();
        return check(now) ? now : null;
      },
      what,
      { intervalMs: 20 },
    );
  }

  /** Session by name: since when in which state, and how often it was lost. */
  async function sessions(...except: readonly string[]): Promise<Record<string, string>> {
    const kept = (await shown()).filter(({ name }) => !except.includes(name));
    return Object.fromEntries(
      kept.map(({ name, state, since, flaps }) => [name, `${state} ${since} ${flaps}`]),
    );
  }

  async function metric(series: string): Promise<number> {
    return sampleOf(parseExposition(await reflector.daemon.httpGet('/metrics')), series);
  }

  test('a new listen range is accepted, and nobody else notices', async () => {
    const before = await sessions();
    const refused = reflector.dial(OUTSIDER);
    await refused.closed();
    expect(refused.messages).toEqual([]);

    reflector.daemon.writeFile('late.yaml', LATE_RANGE);
    const welcome = await pollUntil(
      () => reflector.dial(OUTSIDER).established(),
      'the new range is accepted',
    );
    await welcome.route('10.44.1.0/24');
    await welcome.shutdown();
    expect(await sessions(`late/${OUTSIDER}`)).toEqual(before);
  });

  test('a range that is removed takes its clients with it (6/3), and only those', async () => {
    const before = await sessions(`late/${OUTSIDER}`);
    const late = await reflector.dial(OUTSIDER).established();
    reflector.daemon.removeFile('late.yaml');
    expect(await late.notified()).toMatchObject({ code: 6, subcode: 3 });
    await late.closed();
    expect(await sessions(`late/${OUTSIDER}`)).toEqual(before);
  });

  test('one changed peer is reset (6/6), and no other', async () => {
    const before = await sessions('peer-1');
    const router = await routers[1]!.accepted();
    reflector.daemon.writeFile('peer-1.yaml', peerYaml(1, 64_999));
    expect(await router.notified()).toMatchObject({ code: 6, subcode: 6 });
    await untilShown((peers) => peers.some(({ name, asn }) => name === 'peer-1' && asn === 64_999));
    expect(await sessions('peer-1')).toEqual(before);

    reflector.daemon.writeFile('peer-1.yaml', peerYaml(1));
    await untilShown((peers) =>
      peers.some(({ name, state }) => name === 'peer-1' && state === 'Established'),
    );
    expect(await sessions('peer-1')).toEqual(before);
  });

  test('filters of a range change routes, not sessions', async () => {
    const before = await sessions();
    const other = await routers[0]!.accepted();
    const seen = reflector.dial(`${NETWORK}.11`);
    await (await seen.established()).route('10.44.1.0/24');

    reflector.daemon.writeFile('clients.yaml', clientsYaml(['filters: [some]', 'holdTime: 90s']));
    reflector.daemon.writeFile('filter.yaml', filterYaml('10.44.1.0/24'));
    await seen.noRoute('10.44.1.0/24');
    expect(seen.routes.has('10.44.2.0/24')).toBe(true);
    reflector.daemon.writeFile('filter.yaml', filterYaml('10.99.0.0/16'));
    await seen.route('10.44.1.0/24');
    await seen.close();
    expect(other.notification).toBeNull();
    expect(await sessions(`clients/${NETWORK}.11`)).toEqual(before);
  });

  test('broken documents are reported in status, log and metrics, and their last good versions stay', async () => {
    const before = await sessions();
    const { folder } = reflector.daemon;
    reflector.daemon.writeFile('peer-0.yaml', peerYaml(0).replace(routerAddress(0), '127.44.0.999'));
    reflector.daemon.writeFile('peer-2.yaml', `${peerYaml(2)}  oops: [unclosed\n`);
    reflector.daemon.writeFile('blocks.yaml', 'kind: BlockAffinity\n: :\n');
    const { datastore, lastErrors } = await untilStatus(
      (now) => new Set(now.datastore.problems.map(({ file }) => file)).size === 3,
      'three broken files are reported',
    );
    expect(datastore).toMatchObject({
      inSync: true,
      problems: expect.arrayContaining([
        expect.objectContaining({
          file: join(folder, 'peer-0.yaml'),
          line: 4,
          resource: 'BGPPeer/peer-0',
          field: 'spec.peerIP',
        }),
        expect.objectContaining({ file: join(folder, 'peer-2.yaml'), line: expect.any(Number) }),
        expect.objectContaining({ file: join(folder, 'blocks.yaml'), line: expect.any(Number) }),
      ]),
    });
    expect(lastErrors[0]?.text).toContain(folder);
    await pollUntil(
      async () => reflector.daemon.log().includes('BGPPeer/peer-0: spec.peerIP') || null,
      'the log names the broken field',
    );
    expect(reflector.daemon.log()).toContain('invalid resource, the last good version stays in force');
    expect(await metric('manul_datastore_invalid_resources{kind="BGPPeer"}')).toBe(2);
    expect(await metric('manul_datastore_invalid_resources{kind="unknown"}')).toBe(1);
    expect(client.routes.has('10.244.1.0/26')).toBe(true);
    expect(await sessions()).toEqual(before);

    for (const index of [0, 2]) reflector.daemon.writeFile(`peer-${index}.yaml`, peerYaml(index));
    reflector.daemon.writeFile('blocks.yaml', blocksYaml('rr-1', '10.244.0.0/16', ['10.244.1.0/26']));
    await untilStatus((now) => now.datastore.problems.length === 0, 'all is well again');
    expect(await metric('manul_datastore_invalid_resources{kind="BGPPeer"}')).toBe(0);
    expect(await sessions()).toEqual(before);
  });

  test('a file that vanishes takes its resources with it: the session ends with 6/3, no other does', async () => {
    const before = await sessions('peer-2');
    const router = await routers[2]!.accepted();
    reflector.daemon.removeFile('peer-2.yaml');
    expect(await router.notified()).toMatchObject({ code: 6, subcode: 3 });
    await untilShown((peers) => peers.every(({ name }) => name !== 'peer-2'));
    expect(await sessions()).toEqual(before);
  });

  /** The ways in which tools replace a file. */
  const REPLACEMENTS: readonly (readonly [string, (folder: string, text: string) => void])[] = [
    ['written over', (folder, text) => writeFileSync(join(folder, 'blocks.yaml'), text)],
    [
      'renamed over, as sed -i does',
      (folder, text) => {
        writeFileSync(join(folder, 'sedA1b2C3'), text);
        renameSync(join(folder, 'sedA1b2C3'), join(folder, 'blocks.yaml'));
      },
    ],
    [
      'moved away and written anew, as vim does',
      (folder, text) => {
        writeFileSync(join(folder, '4913'), '');
        rmSync(join(folder, '4913'));
        renameSync(join(folder, 'blocks.yaml'), join(folder, 'blocks.yaml~'));
        writeFileSync(join(folder, 'blocks.yaml'), text);
        rmSync(join(folder, 'blocks.yaml~'));
      },
    ],
    [
      'a symbolic link to a folder that is exchanged, as Kubernetes does with a ConfigMap',
      (folder, text) => {
        mkdirSync(join(folder, '..2026_11'), { recursive: true });
        writeFileSync(join(folder, '..2026_11', 'blocks.yaml'), text);
        symlinkSync('..2026_11', join(folder, '..data_tmp'));
        renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
        rmSync(join(folder, 'blocks.yaml'));
        symlinkSync('..data/blocks.yaml', join(folder, 'blocks.yaml'));
      },
    ],
    [
      'that folder exchanged once more',
      (folder, text) => {
        mkdirSync(join(folder, '..2026_12'));
        writeFileSync(join(folder, '..2026_12', 'blocks.yaml'), text);
        symlinkSync('..2026_12', join(folder, '..data_tmp'));
        renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
        rmSync(join(folder, '..2026_11'), { recursive: true });
      },
    ],
  ];

  test.each(REPLACEMENTS)('a file that is %s is applied, and sessions stay', async (_, replace) => {
    const before = await sessions();
    const old = (await status()).datastore.problems;
    const [gone = ''] = [...client.routes.keys()].filter((prefix) => prefix.startsWith('10.244.'));
    const block = `10.244.${Number(gone.split('.')[2]) + 1}.0/26`;
    replace(reflector.daemon.folder, blocksYaml('rr-1', '10.244.0.0/16', [block]));
    await client.route(block);
    await client.noRoute(gone);
    expect((await status()).datastore.problems).toEqual(old);
    expect(await sessions()).toEqual(before);
  });

  test('a file that is written slowly, piece by piece, is never taken for an empty one', async () => {
    const before = await sessions();
    const text = peerYaml(0);
    const file = join(reflector.daemon.folder, 'peer-0.yaml');
    for (let round = 0; round < 4; round++) {
      const fd = openSync(file, 'w'); // empties it, as `kubectl get … > peer-0.yaml` does long before it writes
      await pause(300 + 70 * round); // longer than the quiet time, at several phases of the regular look
      for (let at = 0; at < text.length; at += 60) {
        writeSync(fd, text.slice(at, at + 60));
        await pause(60);
      }
      closeSync(fd);
    }
    await untilStatus((now) => now.datastore.problems.length === 0, 'no problems');
    expect(await sessions()).toEqual(before);
  });
});
