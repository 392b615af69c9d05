/**
 * Several reflectors and clusters (RFC 4456 §7, §8), as RIBs whose sessions are wired to each other: routes reach
 * everyone, loops end by themselves, and what is withdrawn is gone everywhere.
 */
import type { RibSession, SessionOutput } from '../../../bgp/rib/rib-port.ts';
import { createRib } from '../../../bgp/routing/create-rib.ts';
import { MessageSplitter } from '../../harness/bgp/decode.ts';
import { announcement, withdrawal } from '../../harness/bgp/encode.ts';
import { receive, ribSession } from './rib-sessions.ts';

const PREFIX = '10.1.0.0/16';

/** A reflector `10.0.0.<number>`. */
class Reflector {
  readonly rib = createRib({ delay: () => undefined });
  readonly number: number;
  readonly slots = new Map<string, number>();

  constructor(number: number, clusterId: string) {
    this.number = number;
    this.rib.configure({ asn: 64512, routerId: `10.0.0.${number}`, clusterId });
  }

  /** A session with `10.0.0.<number>`, which is a client or not. */
  up(number: number, isClient: boolean, output: SessionOutput): number {
    const session: RibSession = ribSession(number, {
      localAddress: `10.0.0.${this.number}`,
      routeReflectorClient: isClient,
    });
    const slot = this.rib.addSession(session, output);
    this.slots.set(session.name, slot);
    return slot;
  }

  best(): string | null {
    return this.rib.explain({ prefix: PREFIX }, () => null).best;
  }

  clusterList(): readonly string[] {
    return this.rib.explain({ prefix: PREFIX }, () => null).paths.find(({ best }) => best)?.clusterList ?? [];
  }
}

/** Hands every message on to whoever it is for, when its turn comes. */
class Wires {
  readonly reflectors: Reflector[];
  readonly #waiting: (() => void)[] = [];
  messages = 0;

  constructor(...reflectors: Reflector[]) {
    this.reflectors = reflectors;
  }

  /** A session between two reflectors. @param aIsClient `a` is a client of `b`, and the other way round. */
  connect(a: Reflector, b: Reflector, { aIsClient = false, bIsClient = false } = {}): void {
    const ends = { a: -1, b: -1 };
    ends.a = a.up(
      b.number,
      bIsClient,
      this.#output(() => [b, ends.b]),
    );
    ends.b = b.up(
      a.number,
      aIsClient,
      this.#output(() => [a, ends.a]),
    );
  }

  /** A node that is a client of the reflector. @returns its slot there. */
  node(reflector: Reflector, number: number): number {
    return reflector.up(number, true, {
      write: () => {},
      writev: () => {},
      queuedBytes: () => 0,
      onceDrained: () => {},
      writeRefreshMarker: () => {},
    });
  }

  #output(far: () => [Reflector, number]): SessionOutput {
    const splitter = new MessageSplitter();
    const write = (chunk: Uint8Array): void => {
      for (const { body } of splitter.push(Buffer.from(chunk))) {
        this.messages++;
        this.#waiting.push(() => {
          const [reflector, slot] = far();
          reflector.rib.receiveUpdate(slot, body, 0, body.length);
        });
      }
    };
    return {
      write,
      writev: (chunks) => chunks.forEach(write),
      queuedBytes: () => 0,
      onceDrained: () => {},
      writeRefreshMarker: () => {},
    };
  }

  /** Until nobody has anything to say. */
  settle(): void {
    for (let turn = 0; turn < 1_000; turn++) {
      let isDone = true;
      for (const { rib } of this.reflectors) isDone = rib.work(1) && isDone;
      const delivered = this.#waiting.splice(0);
      for (const deliver of delivered) deliver();
      if (isDone && delivered.length === 0) return;
    }
    throw new Error('the reflectors never came to rest');
  }
}

const announce = ({ rib }: Reflector, slot: number) =>
  receive(rib, slot, announcement([PREFIX], { nextHop: '10.9.9.9', asPath: [] }));

test('two levels: a route goes up to the top reflector, across, and down, with every cluster on its way', () => {
  const [top, left, right] = [
    new Reflector(1, '1.1.1.1'),
    new Reflector(2, '2.2.2.2'),
    new Reflector(3, '3.3.3.3'),
  ];
  const wires = new Wires(top, left, right);
  wires.connect(left, top, { aIsClient: true });
  wires.connect(right, top, { aIsClient: true });
  const slot = wires.node(left, 50);
  announce(left, slot);
  wires.settle();
  expect([top, left, right].map((one) => one.best())).toEqual(['peer-2', 'peer-50', 'peer-1']);
  expect([top, right].map((one) => one.clusterList())).toEqual([['2.2.2.2'], ['1.1.1.1', '2.2.2.2']]);
  receive(left.rib, slot, withdrawal([PREFIX]));
  wires.settle();
  expect([top, left, right].map((one) => one.best())).toEqual([null, null, null]);
});

test("a ring of reflectors that are each other's clients comes to rest, and forgets what is withdrawn (RFC 4456 §8)", () => {
  const ring = [1, 2, 3, 4].map((number) => new Reflector(number, `${number}.${number}.${number}.${number}`));
  const wires = new Wires(...ring);
  for (const [i, one] of ring.entries()) {
    wires.connect(one, ring[(i + 1) % 4]!, { aIsClient: true, bIsClient: true });
  }
  const slot = wires.node(ring[0]!, 50);
  announce(ring[0]!, slot);
  wires.settle();
  expect(ring.every((one) => one.best() !== null)).toBe(true);
  expect(ring.map((one) => one.clusterList().length)).toEqual([0, 1, 2, 1]);
  receive(ring[0]!.rib, slot, withdrawal([PREFIX]));
  wires.settle();
  expect(ring.map((one) => one.best())).toEqual([null, null, null, null]);
  expect(ring.map(({ rib }) => rib.summary().paths.ipv4)).toEqual([0, 0, 0, 0]);
});

test("two reflectors of one cluster do not take each other's reflected routes; of two clusters they do (§7)", () => {
  for (const [other, isTaken] of [
    ['1.1.1.1', false],
    ['2.2.2.2', true],
  ] as const) {
    const [one, two] = [new Reflector(1, '1.1.1.1'), new Reflector(2, other)];
    const wires = new Wires(one, two);
    wires.connect(one, two);
    announce(one, wires.node(one, 50));
    wires.settle();
    const [path] = two.rib.explain({ prefix: PREFIX }, () => null).paths;
    expect(path!.state).toBe(isTaken ? 'best' : 'ineligible');
    if (!isTaken) expect(path!.steps[0]!.rule).toMatch(/CLUSTER_LIST contains our cluster/);
  }
});
