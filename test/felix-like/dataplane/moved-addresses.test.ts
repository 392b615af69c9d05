import { MovedAddresses, type ReplacingWrites } from '../../../felix-like/dataplane/moved-addresses.ts';
import type { KernelRoute } from '../../../felix-like/routetable/route-key.ts';
import { gatewayRoute, linkRoute } from '../support/routes.ts';

const POD = '10.244.1.5/32';

describe('addresses that move', () => {
  let addresses: MovedAddresses;

  beforeEach(() => {
    addresses = new MovedAddresses();
  });

  function settle(route: KernelRoute | null, reason: string | null): void {
    addresses.onSettled(route?.prefix ?? POD, route, () => reason);
  }

  function taken(): { moved: readonly string[]; removed: readonly string[] } {
    return { moved: addresses.takeMoved(), removed: addresses.takeRemoved() };
  }

  test('a workload that appears, and one whose interface comes back, have not moved', () => {
    settle(linkRoute(POD, 7), 'workload');
    settle(null, 'workload');
    settle(linkRoute(POD, 7), 'workload');
    expect(taken()).toEqual({ moved: [], removed: [] });
  });

  test('another interface is a move, also when the route was gone meanwhile', () => {
    settle(linkRoute(POD, 7), 'workload');
    settle(null, 'workload');
    settle(linkRoute(POD, 8), 'workload');
    expect(taken()).toEqual({ moved: ['10.244.1.5'], removed: [] });
    expect(taken()).toEqual({ moved: [], removed: [] });
  });

  test('another node is a move; nobody is a removal', () => {
    settle(linkRoute(POD, 7), 'workload');
    settle(gatewayRoute(POD, '10.0.0.2', 2), 'learnt');
    expect(taken()).toEqual({ moved: ['10.244.1.5'], removed: [] });
    settle(linkRoute(POD, 7), 'workload');
    settle(null, null);
    expect(taken()).toEqual({ moved: [], removed: ['10.244.1.5'] });
  });

  test('routes of other nodes are not even looked at', () => {
    const reasonOf = jest.fn(() => 'learnt');
    addresses.onSettled('10.244.2.1/32', gatewayRoute('10.244.2.1/32', '10.0.0.2', 2), reasonOf);
    addresses.onSettled('10.244.2.1/32', null, reasonOf);
    expect(reasonOf).not.toHaveBeenCalled();
  });

  function batchOf(
    op: 'add' | 'replace' | 'delete',
    route: KernelRoute,
    actual: KernelRoute | null,
  ): ReplacingWrites {
    return {
      length: 1,
      op: () => op,
      target: () => route.target,
      readPrefix: (_, key) => key.parse(route.prefix),
      actual: () => actual?.target ?? null,
    };
  }

  test.each<[string, ReplacingWrites, readonly string[], readonly string[]]>([
    [
      'goes elsewhere',
      batchOf('replace', linkRoute(POD, 8), gatewayRoute(POD, '10.0.0.2', 2)),
      ['10.244.1.5'],
      [],
    ],
    ['goes where it went', batchOf('replace', linkRoute(POD, 8), linkRoute(POD, 8)), [], []],
    ['is gone', batchOf('delete', linkRoute(POD, 8), linkRoute(POD, 8)), [], ['10.244.1.5']],
    ['is new', batchOf('add', linkRoute(POD, 8), null), [], []],
    [
      'is a block',
      batchOf(
        'replace',
        gatewayRoute('10.0.0.0/8', '10.0.0.3', 2),
        gatewayRoute('10.0.0.0/8', '10.0.0.2', 2),
      ),
      [],
      [],
    ],
  ])('what an earlier process left %s', (_, batch, moved, removed) => {
    addresses.onBatch(batch, () => false);
    expect(taken()).toEqual({ moved, removed });
  });

  test('a route that is deleted because another with the same prefix replaces it is no removal', () => {
    addresses.onBatch(batchOf('delete', linkRoute(POD, 8), linkRoute(POD, 8)), () => true);
    expect(taken()).toEqual({ moved: [], removed: [] });
  });
});
