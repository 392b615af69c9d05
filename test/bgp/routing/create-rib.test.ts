/** The RIB as its driver sees it: when it asks for work, how long it works, what it tells of propagation. */
import { ACCEPT_ALL } from '../../../bgp/policy/policy-config.ts';
import { createRib } from '../../../bgp/routing/create-rib.ts';
import { announcement, endOfRib } from '../../harness/bgp/encode.ts';
import { DecodingOutput } from './decoding-output.ts';
import { OWN_AS, OWN_ID, receive, ribSession, settle } from './rib-sessions.ts';

function withClock() {
  const time = { nowMs: 1000 };
  const rib = createRib({ now: () => time.nowMs, delay: () => undefined });
  rib.configure({ asn: OWN_AS, routerId: OWN_ID, clusterId: null });
  return { rib, time };
}

const route = (i: number) => announcement([`10.${i}.0.0/16`], { nextHop: '192.0.2.1' });

describe('work', () => {
  test('is asked for whenever something else than an UPDATE makes some', () => {
    const { rib } = withClock();
    let asked = 0;
    rib.onWork = () => asked++;
    const asksFor = (what: () => void): boolean => {
      settle(rib);
      asked = 0;
      what();
      return asked > 0;
    };
    let slot = 0;
    const sink = { onBestRoutes: () => undefined, onReplayed: () => undefined };
    expect(asksFor(() => (slot = rib.addSession(ribSession(1), new DecodingOutput())))).toBe(true);
    receive(rib, slot, route(1));
    expect(asksFor(() => rib.setOriginated([{ prefix: '10.9.0.0/16', localPref: 1, communities: [] }]))).toBe(
      true,
    );
    expect(asksFor(() => rib.refresh(slot, 'ipv4'))).toBe(true);
    expect(
      asksFor(() =>
        rib.updateSession(slot, ribSession(1, { exportPolicy: { ...ACCEPT_ALL, otherwise: 'reject' } })),
      ),
    ).toBe(true);
    expect(asksFor(() => rib.configure({ asn: OWN_AS, routerId: OWN_ID, clusterId: '7.7.7.7' }))).toBe(true);
    expect(asksFor(() => rib.configure({ asn: OWN_AS, routerId: OWN_ID, clusterId: '7.7.7.7' }))).toBe(false);
    expect(asksFor(() => rib.subscribeBestRoutes(sink, { replay: true }))).toBe(true);
    expect(asksFor(() => rib.removeSession(slot))).toBe(true);
    expect(asksFor(() => rib.removeSession(slot))).toBe(false);
  });

  test('without anything to do is done', () => {
    const { rib } = withClock();
    expect(rib.work(5)).toBe(true);
  });

  test('that is left over is said to be', () => {
    const { rib } = withClock();
    const slot = rib.addSession(ribSession(1), new DecodingOutput());
    rib.addSession(ribSession(2), new DecodingOutput());
    settle(rib);
    for (let i = 0; i < 100; i++) receive(rib, slot, route(i));
    rib.removeSession(slot);
    expect(rib.work(0)).toBe(false);
    settle(rib);
    expect(rib.work(0)).toBe(true);
    expect(rib.summary().paths).toEqual({ ipv4: 0, ipv6: 0 });
  });
});

test('an UPDATE of a session that is over is a mistake of the driver, and said so', () => {
  const { rib } = withClock();
  const slot = rib.addSession(ribSession(1), new DecodingOutput());
  rib.removeSession(slot);
  expect(() => receive(rib, slot, route(1))).toThrow(/slot 1/);
});

test('the slot of an ended session is used again only when its routes are gone', () => {
  const { rib } = withClock();
  const first = rib.addSession(ribSession(1), new DecodingOutput());
  receive(rib, first, route(1));
  rib.removeSession(first);
  const second = rib.addSession(ribSession(2), new DecodingOutput());
  expect(second).not.toBe(first);
  expect(rib.sessionCounts(second).received).toEqual({ ipv4: 0 });
  settle(rib);
  expect(rib.addSession(ribSession(3), new DecodingOutput())).toBe(first);
});

test('sessions that come and go leave nothing', () => {
  const { rib } = withClock();
  for (let round = 0; round < 2; round++) {
    const outputs = Array.from({ length: 150 }, () => new DecodingOutput());
    const slots = outputs.map((output, i) =>
      rib.addSession(ribSession((i % 250) + 1, { name: `${i}` }), output),
    );
    slots.forEach((slot, i) => {
      receive(rib, slot, announcement([`10.${i >> 8}.${i & 255}.0/24`], { nextHop: '192.0.2.1' }));
    });
    settle(rib);
    expect(outputs.map(({ table }) => table.size)).toEqual(outputs.map(() => 149));
    for (const slot of slots) rib.removeSession(slot);
    settle(rib);
    expect(rib.footprint()).toEqual({ attributeSets: 0, nets: 0, paths: 0, sessions: 0 });
  }
});

describe('propagation', () => {
  test('is the time from the UPDATE to the last write', () => {
    const { rib, time } = withClock();
    const seconds: number[] = [];
    const unsubscribe = rib.onPropagation((one) => seconds.push(one));
    const slot = rib.addSession(ribSession(1), new DecodingOutput());
    rib.addSession(ribSession(2), new DecodingOutput());
    settle(rib);
    receive(rib, slot, route(1));
    time.nowMs += 250;
    settle(rib);
    expect(seconds).toEqual([0.25]);
    unsubscribe();
    receive(rib, slot, route(2));
    settle(rib);
    expect(seconds).toHaveLength(1);
  });

  test('is not told where nothing was written', () => {
    const { rib, time } = withClock();
    const seconds: number[] = [];
    rib.onPropagation((one) => seconds.push(one));
    const slot = rib.addSession(ribSession(1), new DecodingOutput());
    settle(rib);
    receive(rib, slot, route(1));
    receive(rib, slot, endOfRib('ipv4'));
    settle(rib);
    time.nowMs += 10_000;
    rib.addSession(ribSession(2), new DecodingOutput());
    settle(rib);
    receive(rib, slot, route(1));
    time.nowMs += 500;
    settle(rib);
    expect(seconds).toEqual([]);
  });
});

describe('what a session is sent at its start', () => {
  test('is every route, then End-of-RIB of each of its families, once', () => {
    const { rib } = withClock();
    const slot = rib.addSession(ribSession(1), new DecodingOutput());
    receive(rib, slot, route(1));
    settle(rib);
    const output = new DecodingOutput();
    rib.addSession(ribSession(2, { families: ['ipv4', 'ipv6'] }), output);
    settle(rib);
    expect(output.prefixes).toEqual(['10.1.0.0/16']);
    expect(output.endsOfRib.toSorted()).toEqual(['ipv4', 'ipv6']);
  });

  test('a refresh sends the routes of that family again, without End-of-RIB (RFC 2918 §4)', () => {
    const { rib } = withClock();
    const families = ['ipv4', 'ipv6'] as const;
    const slot = rib.addSession(ribSession(1, { families }), new DecodingOutput());
    const output = new DecodingOutput();
    const receiver = rib.addSession(ribSession(2, { families }), output);
    receive(rib, slot, route(1));
    receive(rib, slot, announcement(['2001:db8::/32'], { nextHop: '2001:db8::1' }));
    settle(rib);
    output.table.clear();
    rib.refresh(receiver, 'ipv6');
    settle(rib);
    expect(output.prefixes).toEqual(['2001:db8::/32']);
    expect(output.endsOfRib).toHaveLength(2);
  });
});
