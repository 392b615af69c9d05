import type { BestRouteChange } from '@manul/bgp';
import type { LinkMessage } from '../../../src/role-link/link-message.ts';
import { PendingRoutes, ROUTES_PER_MESSAGE } from '../../../src/role-link/pending-routes.ts';

function change(prefix: string, nextHop: string | null = '192.0.2.1'): BestRouteChange {
  return { family: prefix.includes(':') ? 'ipv6' : 'ipv4', prefix, nextHop, peer: null };
}

function drain(pending: PendingRoutes): LinkMessage[] {
  const messages: LinkMessage[] = [];
  for (let message = pending.next(); message !== null; message = pending.next()) messages.push(message);
  return messages;
}

test('a newer change of a prefix replaces the one that waits', () => {
  const pending = new PendingRoutes();
  pending.add([change('10.0.0.0/26'), change('10.0.1.0/26'), change('10.0.0.0/26', null)]);
  expect(drain(pending)).toEqual([
    {
      type: 'routes',
      family: 'ipv4',
      changes: [
        ['10.0.0.0/26', null],
        ['10.0.1.0/26', '192.0.2.1'],
      ],
    },
  ]);
});

test('End-of-RIB follows the changes before it and stands before those after it', () => {
  const pending = new PendingRoutes();
  pending.add([change('10.0.0.0/26')]);
  pending.endOfRib('ipv4');
  pending.add([change('10.0.1.0/26')]);
  expect(drain(pending).map((message) => message.type)).toEqual(['routes', 'endOfRib', 'routes']);
});

test('End-of-RIB of a family without routes is sent at once', () => {
  const pending = new PendingRoutes();
  pending.endOfRib('ipv6');
  expect(drain(pending)).toEqual([{ type: 'endOfRib', family: 'ipv6' }]);
  expect(drain(pending)).toEqual([]);
});

test('messages are of bounded size', () => {
  const pending = new PendingRoutes();
  const count = ROUTES_PER_MESSAGE * 2 + 1;
  pending.add(Array.from({ length: count }, (_, i) => change(`10.${i >> 8}.${i & 255}.0/24`)));
  pending.endOfRib('ipv4');
  const messages = drain(pending);
  expect(messages).toHaveLength(4);
  expect(messages.at(-1)?.type).toBe('endOfRib');
});

test('all next hops that share the traffic travel along', () => {
  const pending = new PendingRoutes();
  pending.add([{ ...change('10.0.0.0/26'), nextHops: ['192.0.2.1', '192.0.2.2'] }]);
  expect(drain(pending)).toEqual([
    { type: 'routes', family: 'ipv4', changes: [['10.0.0.0/26', '192.0.2.1', '192.0.2.2']] },
  ]);
});
