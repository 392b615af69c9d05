/**
 * The route table against a kernel that does what it is told: whatever is desired, whatever others do and whatever
 * the kernel refuses in between, in the end the kernel holds what is desired, and nothing of others was touched.
 */

import type { KernelRoute } from '../../../felix-like/kernel/kernel-port.ts';
import { RouteList } from '../../../felix-like/kernel/route-list.ts';
import { Ownership } from '../../../felix-like/routetable/ownership.ts';
import { routeKey } from '../../../felix-like/routetable/route-key.ts';
import { RouteTable } from '../../../felix-like/routetable/route-table.ts';
import fc from '../../support/property.ts';
import { gatewayRoute, ofProtocol } from '../support/routes.ts';

const PREFIXES = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24'];
const GATEWAYS = ['10.0.0.2', '10.0.0.3'];

type Step =
  | { readonly kind: 'desire'; readonly prefix: string; readonly gateway: string | null }
  | { readonly kind: 'other'; readonly prefix: string; readonly protocol: number | null }
  | { readonly kind: 'write'; readonly count: number }
  | { readonly kind: 'hear' }
  | { readonly kind: 'resync' }
  | { readonly kind: 'deaf' };

const prefix = fc.constantFrom(...PREFIXES);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('desire'), prefix, gateway: fc.option(fc.constantFrom(...GATEWAYS)) }),
    fc.record({ kind: fc.constant('other'), prefix, protocol: fc.constantFrom(4, 80, null) }),
    fc.record({ kind: fc.constant('write'), count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant('hear') }),
    fc.record({ kind: fc.constant('resync') }),
    fc.record({ kind: fc.constant('deaf') }),
  ) as fc.Arbitrary<Step>,
  { maxLength: 40 },
);

/** Kernel, table and what a user wants, played step by step. */
class Play {
  nowMs = 0;
  readonly desired = new Map<string, KernelRoute>();
  readonly kernel = new Map<string, KernelRoute>();
  readonly #table: RouteTable;
  /** Events and answers, in the order in which they happened; the table hears of them later. */
  readonly #inbox: (() => void)[] = [];
  /** The next event is lost. */
  #isDeaf = false;

  constructor() {
    const ownership = new Ownership({ protocols: [80], pools: [], isWorkloadInterface: () => false });
    this.#table = new RouteTable(254, ownership, () => this.nowMs);
    this.#table.allowSweep('ipv4');
  }

  step(step: Step): void {
    if (step.kind === 'desire') this.#desire(step.prefix, step.gateway);
    else if (step.kind === 'other') this.#other(step.prefix, step.protocol);
    else if (step.kind === 'write') this.#write(step.count);
    else if (step.kind === 'hear') this.#hear();
    else if (step.kind === 'resync') this.#resync(false);
    else this.#isDeaf = true;
  }

  /** Time passes, and nobody interferes any more. */
  comeToRest(): void {
    for (let round = 0; round < 20; round++) {
      while (this.#inbox.length > 0) this.#hear();
      this.#resync(this.#table.familiesToLookUp().length > 0 || this.#table.dependsOnOthers('ipv4'));
      this.nowMs += 60_000;
      this.#table.examineDueRetries();
      this.#write(100);
    }
    while (this.#inbox.length > 0) this.#hear();
  }

  isInSync(): boolean {
    return this.#table.isInSync;
  }

  conflicts(): string[] {
    return [...this.#table.view.differences()]
      .filter(({ kind }) => kind === 'foreign')
      .map(({ desired }) => desired!.prefix);
  }

  #desire(wanted: string, gateway: string | null): void {
    if (gateway === null) {
      this.desired.delete(wanted);
      this.#table.deleteDesired(wanted, 1024);
      return;
    }
    const route = gatewayRoute(wanted, gateway, 2);
    this.desired.set(wanted, route);
    this.#table.setDesired(route);
  }

  #other(touched: string, protocol: number | null): void {
    const key = routeKey(touched, 1024);
    const before = this.kernel.get(key);
    if (protocol === null) this.kernel.delete(key);
    else this.kernel.set(key, ofProtocol(protocol, gatewayRoute(touched, '10.0.0.99', 2)));
    const isDeaf = this.#isDeaf;
    this.#isDeaf = false;
    if (isDeaf) return;
    const after = this.kernel.get(key);
    if (after !== undefined) this.#inbox.push(() => this.#table.onRouteEvent(false, after));
    else if (before !== undefined) this.#inbox.push(() => this.#table.onRouteEvent(true, before));
  }

  /** The kernel acts at once; that it has done so is heard later. */
  #write(count: number): void {
    const batch = this.#table.nextBatch(count);
    if (batch === null) return;
    const failures = batch.operations.flatMap(({ op, route }, index) => {
      const key = routeKey(route.prefix, route.metric);
      const present = this.kernel.get(key);
      if (op === 'add' && present !== undefined) return [{ index, code: 'EEXIST', text: 'exists' }];
      if (op === 'delete' && present?.target.protocol !== 80) return [{ index, code: 'ESRCH', text: 'none' }];
      if (op === 'delete') this.kernel.delete(key);
      else this.kernel.set(key, route);
      return [];
    });
    this.#inbox.push(() => this.#table.onOutcome(batch, failures));
  }

  #hear(): void {
    this.#inbox.shift()?.();
  }

  /** As the apply loop does it: with nothing in flight. */
  #resync(everyProtocol: boolean): void {
    while (this.#inbox.length > 0) this.#hear();
    this.#table.beginResync();
    const found = [...this.kernel.values()].filter(({ target }) => everyProtocol || target.protocol === 80);
    this.#table.observe(new RouteList(found));
    for (const _ of this.#table.finishResync({ family: 'ipv4', interfaceIndex: null, everyProtocol }));
  }
}

describe('after any sequence of wishes, interference and answers', () => {
  test('the kernel holds what is desired, and keys of others are left to them', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new Play();
        for (const step of sequence) play.step(step);
        play.comeToRest();
        for (const wanted of PREFIXES) {
          const desired = play.desired.get(wanted);
          const actual = play.kernel.get(routeKey(wanted, 1024));
          if (actual !== undefined && actual.target.protocol !== 80) {
            expect(play.conflicts().includes(wanted)).toBe(desired !== undefined);
          } else {
            expect(actual).toEqual(desired);
          }
        }
        expect(play.isInSync()).toBe(play.conflicts().length === 0);
      }),
      { numRuns: 3000 },
    );
  });

  test('a second resync finds nothing to do', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new Play();
        for (const step of sequence) play.step(step);
        play.comeToRest();
        const before = new Map(play.kernel);
        play.comeToRest();
        expect(play.kernel).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });
});
