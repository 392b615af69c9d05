/**
 * A client of another AS, played by a peer of the tests: what it may not announce, and import filters and protection
 * that change while its session stays up. Why each route is where it is, `manul explain` says.
 */
import type { TestPeer } from '../harness/bgp/test-peer.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { type Reflector, startReflector } from './support/reflector.ts';

jest.setTimeout(60_000);

const NETWORK = '127.53.0';
const POOL =
  'apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: pods}\nspec: {cidr: 10.53.0.0/16}\n';

const rangeYaml = (spec: readonly string[]): string =>
  dynamicNeighborYaml({
    name: 'racks',
    listenRanges: [`${NETWORK}.64/26`],
    routeReflectorClient: false,
    spec: ['asNumbers: ["65001"]', 'filters: [racks]', ...spec],
  });

const filterYaml = (refused: string): string => `apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: racks}
spec:
  importV4: [{cidr: ${refused}, matchOperator: Equal, action: Reject}]
  exportV4: [{action: Accept}]
`;

interface Explanation {
  readonly best: string | null;
  readonly paths: readonly {
    readonly steps: readonly { readonly rule: string; readonly outcome: string }[];
  }[];
}

describe('a client of another AS', () => {
  let reflector: Reflector;
  let rack: TestPeer;
  let inside: TestPeer;

  beforeAll(async () => {
    reflector = await startReflector({
      address: `${NETWORK}.1`,
      listenRanges: [`${NETWORK}.0/26`],
      files: { 'racks.yaml': rangeYaml([]), 'filter.yaml': filterYaml('172.16.53.0/24'), 'pool.yaml': POOL },
    });
    inside = await reflector.dial(`${NETWORK}.11`).established();
    rack = await reflector.dial(`${NETWORK}.70`, { asn: 65001 }).established();
    const route = { nextHop: `${NETWORK}.70`, asPath: [65001] };
    rack.announce(['0.0.0.0/0', '10.53.1.0/26', '172.16.53.0/24', '203.0.113.0/24'], route);
    await inside.route('203.0.113.0/24');
  });

  afterAll(async () => {
    await Promise.all([rack?.close(), inside?.close()]);
    await reflector?.daemon.stop();
  });

  const lastRule = async (prefix: string): Promise<string> => {
    const { paths } = await reflector.daemon.read<Explanation>('explain', prefix);
    return paths[0]!.steps.filter(({ outcome }) => outcome !== 'won').at(-1)!.rule;
  };

  test.each([
    ['0.0.0.0/0', 'the default route is protected'],
    ['10.53.1.0/26', 'IPPool/pods is protected: pods'],
    ['172.16.53.0/24', 'BGPFilter/racks importV4[0]'],
  ])('%s is not accepted: %s', async (prefix, rule) => {
    expect(inside.routes.has(prefix)).toBe(false);
    expect(await lastRule(prefix)).toBe(rule);
  });

  test('other filters and other protection take effect on what it has announced, and its session stays', async () => {
    reflector.daemon.writeFile('filter.yaml', filterYaml('203.0.113.0/24'));
    await inside.route('172.16.53.0/24');
    await inside.noRoute('203.0.113.0/24');
    reflector.daemon.writeFile('racks.yaml', rangeYaml(['importProtection: own']));
    await inside.route('0.0.0.0/0');
    await inside.route('10.53.1.0/26');
    reflector.daemon.writeFile('racks.yaml', rangeYaml(['importProtection: strict']));
    await inside.noRoute('0.0.0.0/0');
    expect([rack.notification, rack.isEstablished]).toEqual([null, true]);
  });
});
