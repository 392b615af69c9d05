/** ROUTE-REFRESH inside the RIB: what is sent again, and what a peer's refresh shows to be stale (RFC 2918, RFC 7313). */
import { announcement, endOfRib, withdrawal } from '../../harness/bgp/encode.ts';
import { RecordingOutput } from './recording-output.ts';
import { RibFixture } from './rib-fixture.ts';
import { receive, ribSession, settle } from './rib-sessions.ts';

const route = (prefix: string, nextHop = '192.0.2.1') => announcement([prefix], { nextHop });

describe('a peer that asks for its routes again', () => {
  test('gets them between markers where both ends know them (RFC 7313 §4)', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const asking = fixture.up(2, { enhancedRefresh: true });
    fixture.receive(source, route('10.1.0.0/24'), route('10.2.0.0/24'));
    const sent = asking.output.messageLengths.length;
    fixture.rib.refresh(asking.slot, 'ipv4');
    expect(asking.output.refreshMarkers).toEqual(['begin ipv4']);
    fixture.settle();
    expect(asking.output.refreshMarkers).toEqual(['begin ipv4', 'end ipv4']);
    expect(asking.output.messageLengths.length).toBeGreaterThan(sent);
    expect(asking.output.endsOfRib).toEqual(['ipv4']);
  });

  test('gets them without markers where it does not (RFC 2918 §4)', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    const asking = fixture.up(2);
    fixture.receive(source, route('10.1.0.0/24'));
    const sent = asking.output.messageLengths.length;
    fixture.rib.refresh(asking.slot, 'ipv4');
    fixture.settle();
    expect(asking.output.refreshMarkers).toEqual([]);
    expect(asking.output.messageLengths).toHaveLength(sent + 1);
  });

  test('gets no BoRR before End-of-RIB (RFC 7313 §4)', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    fixture.receive(source, route('10.1.0.0/24'));
    const asking = fixture.up(2, { enhancedRefresh: true });
    fixture.rib.refresh(asking.slot, 'ipv4');
    expect([asking.output.refreshMarkers, asking.output.endsOfRib]).toEqual([[], []]);
    fixture.settle();
    expect(asking.output.endsOfRib).toEqual(['ipv4']);
    expect(asking.output.refreshMarkers).toEqual(['begin ipv4', 'end ipv4']);
  });

  test('that asks once more in the middle gets a new beginning and one end', () => {
    const { rib } = new RibFixture();
    const output = new RecordingOutput();
    const source = rib.addSession(ribSession(1), new RecordingOutput());
    const slot = rib.addSession(ribSession(2, { enhancedRefresh: true }), output);
    receive(rib, source, route('10.1.0.0/24'));
    settle(rib);
    rib.refresh(slot, 'ipv4');
    rib.refresh(slot, 'ipv4');
    settle(rib);
    expect(output.refreshMarkers).toEqual(['begin ipv4', 'begin ipv4', 'end ipv4']);
  });

  test('and reads slowly gets EoRR behind the last of its routes', () => {
    const { rib } = new RibFixture();
    const output = new RecordingOutput();
    const source = rib.addSession(ribSession(1), new RecordingOutput());
    const slot = rib.addSession(ribSession(2, { enhancedRefresh: true }), output);
    for (let i = 0; i < 20_000; i++) receive(rib, source, route(`10.${i >> 8}.${i & 255}.0/24`));
    settle(rib);
    output.table.clear();
    rib.refresh(slot, 'ipv4');
    output.queued = 8 << 20;
    rib.work(1);
    expect(output.refreshMarkers).toEqual(['begin ipv4']);
    receive(rib, source, withdrawal(['10.0.0.0/24']));
    rib.work(1);
    output.drain();
    settle(rib);
    expect(output.refreshMarkers).toEqual(['begin ipv4', 'end ipv4']);
    expect(output.table.size).toBe(19_999);
  });
});

describe("a peer's own refresh", () => {
  const refreshed = (...again: readonly Uint8Array[]) => {
    const fixture = new RibFixture();
    const source = fixture.up(1, { addPathReceive: [] });
    const other = fixture.up(2);
    const all = ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24'];
    fixture.receive(source, ...all.map((prefix) => route(prefix)), endOfRib('ipv4'));
    fixture.receive(other, route('10.3.0.0/24', '192.0.2.9'));
    fixture.rib.beginRefresh(source.slot, 'ipv4');
    if (again.length > 0) fixture.receive(source, ...again);
    return { fixture, source, other, prefixes: () => fixture.received(source).map(({ prefix }) => prefix) };
  };

  test('sweeps after EoRR what was not sent again, and keeps all until then (RFC 7313 §4)', () => {
    const { fixture, source, other, prefixes } = refreshed(
      route('10.1.0.0/24'),
      route('10.4.0.0/24'),
      route('10.2.0.0/24', '192.0.2.2'),
    );
    fixture.settle();
    expect(prefixes()).toEqual(['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24', '10.4.0.0/24']);
    fixture.rib.endRefresh(source.slot, 'ipv4');
    fixture.settle();
    expect(prefixes()).toEqual(['10.1.0.0/24', '10.2.0.0/24', '10.4.0.0/24']);
    expect(fixture.received(other).map(({ prefix }) => prefix)).toEqual(['10.3.0.0/24']);
    expect(other.output.prefixes).toEqual(['10.1.0.0/24', '10.2.0.0/24', '10.4.0.0/24']);
    fixture.expectNothingLeft();
  });

  test('without BoRR, EoRR does nothing', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1);
    fixture.receive(source, route('10.1.0.0/24'));
    fixture.rib.endRefresh(source.slot, 'ipv4');
    fixture.settle();
    expect(fixture.received(source)).toHaveLength(1);
  });

  test('that begins once more starts over, also when the sweep of the first is due', () => {
    const { fixture, source, prefixes } = refreshed(route('10.1.0.0/24'));
    fixture.rib.endRefresh(source.slot, 'ipv4');
    fixture.rib.beginRefresh(source.slot, 'ipv4');
    fixture.settle();
    expect(prefixes()).toHaveLength(3);
    fixture.receive(source, route('10.2.0.0/24'));
    fixture.rib.endRefresh(source.slot, 'ipv4');
    fixture.settle();
    expect(prefixes()).toEqual(['10.2.0.0/24']);
    fixture.expectNothingLeft();
  });

  test('is not mistaken for fresh where a policy change looks at the routes again', () => {
    const { fixture, source, prefixes } = refreshed(route('10.1.0.0/24'));
    fixture.rib.updateSession(source.slot, { ...source.session, allowOwnAs: 1 });
    fixture.settle();
    fixture.rib.endRefresh(source.slot, 'ipv4');
    fixture.settle();
    expect(prefixes()).toEqual(['10.1.0.0/24']);
  });

  test('that the end of the session cuts short leaves nothing', () => {
    const { fixture } = refreshed(route('10.1.0.0/24'));
    fixture.expectNothingLeft();
  });

  test('goes by path identifier with ADD-PATH', () => {
    const fixture = new RibFixture();
    const source = fixture.up(1, { addPathReceive: ['ipv4'] });
    const path = (id: number) => Buffer.from([0, 0, 0, id, 24, 10, 1, 0]);
    const withPaths = (...ids: number[]) => {
      const whole = route('10.1.0.0/24');
      const body = Buffer.concat([whole.subarray(0, whole.length - 4), ...ids.map(path)]);
      body.writeUInt16BE(body.length, 16);
      return body;
    };
    fixture.receive(source, withPaths(1, 2, 3));
    fixture.rib.beginRefresh(source.slot, 'ipv4');
    fixture.receive(source, withPaths(2));
    fixture.rib.endRefresh(source.slot, 'ipv4');
    fixture.settle();
    expect(fixture.received(source).map(({ pathId }) => pathId)).toEqual([2]);
  });
});
