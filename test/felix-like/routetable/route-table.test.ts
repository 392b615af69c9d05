import type { KernelRoute, OperationFailure } from '../../../felix-like/kernel/kernel-port.ts';
import { RouteList } from '../../../felix-like/kernel/route-list.ts';
import { Ownership } from '../../../felix-like/routetable/ownership.ts';
import { type ResyncScope, RouteTable } from '../../../felix-like/routetable/route-table.ts';
import { blackholeRoute, gatewayRoute, linkRoute, ofProtocol } from '../support/routes.ts';

const A = gatewayRoute('10.244.2.0/26', '10.0.0.2', 2);
const B = gatewayRoute('10.244.3.0/26', '10.0.0.3', 2);
const SIX = blackholeRoute('fd00:10::/64');
const EVERYTHING: ResyncScope = { family: 'ipv4', interfaceIndex: null, everyProtocol: false };

function ownership(protocols: readonly number[] = [80]): Ownership {
  return new Ownership({ protocols, pools: ['10.244.0.0/16'], isWorkloadInterface: () => false });
}

class Fixture {
  nowMs = 0;
  readonly table = new RouteTable(254, ownership(), () => this.nowMs);

  desire(...routes: KernelRoute[]): void {
    for (const route of routes) this.table.setDesired(route);
  }

  resync(present: readonly KernelRoute[], scope: Partial<ResyncScope> = {}): void {
    this.table.beginResync();
    this.table.observe(new RouteList(present));
    for (const _ of this.table.finishResync({ ...EVERYTHING, ...scope }));
  }

  /** Takes one batch and answers it; `refuse` by prefix. @returns the operations, `add 10.0.0.0/8` */
  write(refuse: Readonly<Record<string, Omit<OperationFailure, 'index'>>> = {}): string[] {
    const batch = this.table.nextBatch(100);
    if (batch === null) return [];
    const failures = batch.operations.flatMap(({ route }, index) => {
      const failure = refuse[route.prefix];
      return failure === undefined ? [] : [{ index, ...failure }];
    });
    this.table.onOutcome(batch, failures);
    return batch.operations.map(({ op, route }) => `${op} ${route.prefix}`);
  }

  kinds(): string[] {
    return [...this.table.view.differences()].map(
      ({ kind, desired, actual }) => `${kind} ${(desired ?? actual)!.prefix}`,
    );
  }
}

const FULL = { code: 'ENOSPC', text: 'the table is full (ENOSPC)' };
const EXISTS = { code: 'EEXIST', text: 'the route exists (EEXIST)' };

describe('writing', () => {
  test('what is missing is added, what is different replaced, what is wanted no longer deleted', () => {
    const fixture = new Fixture();
    fixture.desire(A, B);
    expect(fixture.write()).toEqual(['add 10.244.2.0/26', 'add 10.244.3.0/26']);
    fixture.desire(blackholeRoute(A.prefix));
    fixture.table.deleteDesired(B.prefix, 1024);
    expect(fixture.write()).toEqual(['replace 10.244.2.0/26', 'delete 10.244.3.0/26']);
    expect(fixture.write()).toEqual([]);
    expect([fixture.table.desiredCount, fixture.table.actualCount, fixture.table.isInSync]).toEqual([
      1,
      1,
      true,
    ]);
  });

  test('what is in place already is not written', () => {
    const fixture = new Fixture();
    fixture.resync([A, B]);
    fixture.desire(A, B);
    expect([fixture.write(), fixture.table.isInSync]).toEqual([[], true]);
  });

  test('a batch holds no more than it may, and a key that is in flight is in no second one', () => {
    const { table } = new Fixture();
    table.setDesired(A);
    table.setDesired(B);
    const first = table.nextBatch(1)!;
    const second = table.nextBatch(1)!;
    table.setDesired(blackholeRoute(A.prefix));
    expect(table.nextBatch(1)).toBeNull();
    table.onOutcome(second, []);
    table.onOutcome(first, []);
    expect(table.nextBatch(1)?.operations).toEqual([{ op: 'replace', route: blackholeRoute(A.prefix) }]);
  });

  test('what is not wanted any more when its addition is done is deleted', () => {
    const { table } = new Fixture();
    table.setDesired(A);
    const batch = table.nextBatch(10)!;
    table.deleteDesired(A.prefix, 1024);
    expect(table.nextBatch(10)).toBeNull();
    table.onOutcome(batch, []);
    expect(table.nextBatch(10)?.operations).toEqual([{ op: 'delete', route: A }]);
  });

  test('a route that is gone already counts as deleted', () => {
    const fixture = new Fixture();
    fixture.desire(A);
    fixture.write();
    fixture.table.deleteDesired(A.prefix, 1024);
    fixture.write({ [A.prefix]: { code: 'ESRCH', text: 'no such route (ESRCH)' } });
    expect([fixture.table.isInSync, fixture.table.actualCount]).toEqual([true, 0]);
  });

  test('during a rewrite the old route stays until the new one is there', () => {
    const fixture = new Fixture();
    fixture.desire(A);
    fixture.write();
    fixture.table.beginRewrite();
    expect(fixture.write()).toEqual([]);
    fixture.desire({ ...A, metric: 512 });
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
    fixture.table.finishRewrite();
    expect(fixture.write()).toEqual(['delete 10.244.2.0/26']);
    expect(fixture.table.view.state(A.prefix, 512)).toBe('present');
  });
});

describe('keys that fail', () => {
  test('are tried again with growing delay, and the others go on', () => {
    const fixture = new Fixture();
    fixture.desire(A, B);
    expect(fixture.write({ [A.prefix]: FULL })).toEqual(['add 10.244.2.0/26', 'add 10.244.3.0/26']);
    expect(fixture.table.view.state(A.prefix, 1024)).toBe('refused');
    expect([...fixture.table.view.differences()][0]).toMatchObject({ kind: 'missing', error: FULL.text });
    expect(fixture.write()).toEqual([]);
    fixture.nowMs = fixture.table.nextRetryMs()!;
    fixture.table.examineDueRetries();
    expect(fixture.write({ [A.prefix]: FULL })).toEqual(['add 10.244.2.0/26']);
    expect(fixture.table.nextRetryMs()).toBe(fixture.nowMs + 500);
    fixture.nowMs = fixture.table.nextRetryMs()!;
    fixture.table.examineDueRetries();
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
    expect([fixture.table.nextRetryMs(), fixture.table.isInSync]).toEqual([null, true]);
  });

  test('are tried again at once when something else is desired there', () => {
    const fixture = new Fixture();
    fixture.desire(A);
    fixture.write({ [A.prefix]: FULL });
    fixture.desire(blackholeRoute(A.prefix));
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
  });

  test('are tried again at once when links changed', () => {
    const fixture = new Fixture();
    fixture.desire(A);
    fixture.write({ [A.prefix]: FULL });
    fixture.table.hurryRetries();
    fixture.table.examineDueRetries();
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
  });

  test('leave nothing behind when they are wanted no longer', () => {
    const fixture = new Fixture();
    fixture.desire(A);
    fixture.write({ [A.prefix]: FULL });
    fixture.table.deleteDesired(A.prefix, 1024);
    expect([fixture.table.nextRetryMs(), fixture.write(), [...fixture.table.view.routes()]]).toEqual([
      null,
      [],
      [],
    ]);
  });
});

describe('what an earlier process left', () => {
  test('stays until sweeping is allowed, and shows as unexpected', () => {
    const fixture = new Fixture();
    fixture.resync([A, B]);
    fixture.desire(A);
    expect([fixture.write(), fixture.kinds()]).toEqual([[], ['unexpected 10.244.3.0/26']]);
    fixture.table.allowSweep('ipv4');
    expect(fixture.write()).toEqual(['delete 10.244.3.0/26']);
    expect(fixture.table.isInSync).toBe(true);
  });

  test('stays in the family that is not complete yet', () => {
    const fixture = new Fixture();
    fixture.resync([A]);
    fixture.resync([SIX], { family: 'ipv6' });
    fixture.table.allowSweep('ipv4');
    expect(fixture.write()).toEqual(['delete 10.244.2.0/26']);
    fixture.table.allowSweep('ipv6');
    expect(fixture.write()).toEqual(['delete fd00:10::/64']);
  });

  test('is ours no less for having been wanted meanwhile: then it may go at once', () => {
    const fixture = new Fixture();
    fixture.resync([A]);
    fixture.desire(A);
    fixture.table.deleteDesired(A.prefix, 1024);
    expect(fixture.write()).toEqual(['delete 10.244.2.0/26']);
  });

  test('that comes later with our protocol goes too', () => {
    const fixture = new Fixture();
    fixture.table.allowSweep('ipv4');
    fixture.table.onRouteEvent(false, A);
    expect(fixture.write()).toEqual(['delete 10.244.2.0/26']);
  });

  test('with another metric is another route', () => {
    const fixture = new Fixture();
    fixture.resync([{ ...A, metric: 0 }]);
    fixture.desire(A);
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
    fixture.table.allowSweep('ipv4');
    expect(fixture.write()).toEqual(['delete 10.244.2.0/26']);
    expect(fixture.table.view.state(A.prefix, 1024)).toBe('present');
  });
});

describe('drift', () => {
  let fixture: Fixture;

  beforeEach(() => {
    fixture = new Fixture();
    fixture.desire(A, B);
    fixture.write();
  });

  test('a route that someone deleted is added again', () => {
    fixture.table.onRouteEvent(true, A);
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
  });

  test('a route whose target someone changed is replaced', () => {
    fixture.table.onRouteEvent(false, gatewayRoute(A.prefix, '10.0.0.99', 2));
    expect(fixture.write()).toEqual(['replace 10.244.2.0/26']);
  });

  test('a route that a resync does not find is added again', () => {
    fixture.resync([B]);
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
  });

  test('a resync of one link leaves the routes of others alone', () => {
    const other = linkRoute('10.244.1.5/32', 5);
    fixture.desire(other);
    fixture.write();
    fixture.resync([], { interfaceIndex: 5 });
    expect(fixture.write()).toEqual(['add 10.244.1.5/32']);
  });

  test('a resync of one family leaves the other alone', () => {
    fixture.desire(SIX);
    fixture.write();
    fixture.resync([A, B]);
    expect(fixture.write()).toEqual([]);
    fixture.resync([], { family: 'ipv6' });
    expect(fixture.write()).toEqual(['add fd00:10::/64']);
  });

  test('what happens in other tables is none of our business', () => {
    fixture.table.onRouteEvent(true, { ...A, table: 255 });
    fixture.table.onRouteEvent(false, { ...blackholeRoute('10.99.0.0/16'), table: 100 });
    expect([fixture.write(), fixture.table.actualCount]).toEqual([[], 2]);
  });
});

describe('keys that others hold', () => {
  const foreign = ofProtocol(4, gatewayRoute(A.prefix, '10.0.0.99', 2));

  /** A route is desired whose key is taken, as the kernel then says. */
  function refused(): Fixture {
    const fixture = new Fixture();
    fixture.desire(A);
    expect(fixture.write({ [A.prefix]: EXISTS })).toEqual(['add 10.244.2.0/26']);
    return fixture;
  }

  test('are looked up, reported once and left alone', () => {
    const fixture = refused();
    expect(fixture.table.familiesToLookUp()).toEqual(['ipv4']);
    fixture.resync([foreign], { everyProtocol: true });
    expect(fixture.table.familiesToLookUp()).toEqual([]);
    expect(fixture.table.takeNewConflicts()).toMatchObject([
      { kind: 'foreign', error: 'held by a route of protocol 4, which is not overwritten' },
    ]);
    expect([fixture.write(), fixture.table.takeNewConflicts()]).toEqual([[], []]);
    expect([fixture.table.desiredCount, fixture.table.actualCount]).toEqual([1, 0]);
    expect(fixture.table.view.state(A.prefix, 1024)).toBe('refused');
  });

  test('are known when their holder was heard of while the addition was under way', () => {
    const fixture = new Fixture();
    fixture.desire(A);
    const batch = fixture.table.nextBatch(1)!;
    fixture.table.onRouteEvent(false, ofProtocol(12, foreign));
    fixture.table.onOutcome(batch, [{ index: 0, ...EXISTS }]);
    expect(fixture.table.familiesToLookUp()).toEqual([]);
    expect(fixture.write()).toEqual(['replace 10.244.2.0/26']);
  });

  test('are taken when a resync shows that their holder went unheard', () => {
    const fixture = refused();
    fixture.resync([foreign], { everyProtocol: true });
    expect(fixture.table.dependsOnOthers('ipv4')).toBe(true);
    fixture.resync([], { everyProtocol: true });
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
    expect(fixture.table.dependsOnOthers('ipv4')).toBe(false);
  });

  test('are taken when their holder goes', () => {
    const fixture = refused();
    fixture.resync([foreign], { everyProtocol: true });
    fixture.table.onRouteEvent(true, foreign);
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
  });

  test('are taken when their holder goes before it has been looked up', () => {
    const fixture = refused();
    fixture.table.onRouteEvent(true, foreign);
    expect(fixture.table.familiesToLookUp()).toEqual([]);
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
  });

  test.each([3, 12])('of protocol %d inside our pools are replaced: Calico left them', (protocol) => {
    const fixture = refused();
    fixture.resync([ofProtocol(protocol, foreign)], { everyProtocol: true });
    expect(fixture.write()).toEqual(['replace 10.244.2.0/26']);
  });

  test('of protocol 12 outside our pools are left alone', () => {
    const outside = gatewayRoute('192.0.2.0/24', '10.0.0.2', 2);
    const fixture = new Fixture();
    fixture.desire(outside);
    fixture.write({ [outside.prefix]: EXISTS });
    fixture.resync([ofProtocol(12, outside)], { everyProtocol: true });
    expect([fixture.write(), fixture.kinds()]).toEqual([[], ['foreign 192.0.2.0/24']]);
  });

  test('are tried again on schedule when nobody is found to hold them', () => {
    const fixture = refused();
    fixture.resync([], { everyProtocol: true });
    expect(fixture.write()).toEqual([]);
    fixture.nowMs = fixture.table.nextRetryMs()!;
    fixture.table.examineDueRetries();
    expect(fixture.write()).toEqual(['add 10.244.2.0/26']);
  });

  test('that someone took from us are reported, and not taken back', () => {
    const fixture = new Fixture();
    fixture.desire(A);
    fixture.write();
    fixture.table.onRouteEvent(false, foreign);
    expect([fixture.write(), fixture.kinds()]).toEqual([[], ['foreign 10.244.2.0/26']]);
  });

  test('are none of our business when we want them no longer', () => {
    const fixture = refused();
    fixture.resync([foreign], { everyProtocol: true });
    fixture.table.allowSweep('ipv4');
    fixture.table.deleteDesired(A.prefix, 1024);
    expect([fixture.write(), fixture.table.isInSync, [...fixture.table.view.routes()]]).toEqual([
      [],
      true,
      [],
    ]);
  });

  test('and that we do not want are not even remembered', () => {
    const fixture = new Fixture();
    fixture.resync([foreign], { everyProtocol: true });
    fixture.table.onRouteEvent(false, foreign);
    fixture.table.allowSweep('ipv4');
    expect([fixture.write(), [...fixture.table.view.routes()]]).toEqual([[], []]);
  });

  test('beside a route of ours under the same key do not hide it', () => {
    const fixture = new Fixture();
    fixture.desire(A);
    fixture.write();
    fixture.resync([A, foreign], { everyProtocol: true });
    expect([fixture.write(), fixture.table.isInSync]).toEqual([[], true]);
    fixture.table.onRouteEvent(true, foreign);
    expect(fixture.table.isInSync).toBe(true);
  });

  test('may be ours under a number that we had before', () => {
    const fixture = new Fixture();
    fixture.desire(A);
    fixture.write();
    fixture.table.setOwnership(ownership([90, 80]));
    fixture.desire(ofProtocol(90, A));
    expect(fixture.write()).toEqual(['replace 10.244.2.0/26']);
  });
});
