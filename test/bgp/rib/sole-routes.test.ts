import { announcement } from '../../harness/bgp/encode.ts';
import { RibFixture } from '../routing/rib-fixture.ts';

const route = (prefix: string) => announcement([prefix], { nextHop: '192.0.2.1' });

test('sessions are the sole sources of a prefix as long as no other session has a path to it', () => {
  const fixture = new RibFixture();
  const [a, b, c] = [fixture.up(1), fixture.up(2), fixture.up(3)];
  const isSole = (...slots: readonly number[]) => fixture.rib.hasSoleRoutes(new Set(slots)).next().value;
  expect(isSole(a.slot)).toBe(false);
  fixture.receive(a, route('10.1.0.0/24'));
  fixture.receive(b, route('10.1.0.0/24'));
  expect([isSole(a.slot), isSole(b.slot), isSole(a.slot, b.slot)]).toEqual([false, false, true]);
  fixture.receive(c, route('10.1.0.0/24'));
  expect(isSole(a.slot, b.slot)).toBe(false);
});

test('many prefixes are looked at in slices', () => {
  const fixture = new RibFixture();
  const [a, b] = [fixture.up(1), fixture.up(2)];
  for (let third = 0; third < 257; third++) {
    const prefixes = Array.from(
      { length: 256 },
      (_, fourth) => `10.${third >> 8}.${third & 255}.${fourth}/32`,
    );
    const message = announcement(prefixes, { nextHop: '192.0.2.1' });
    fixture.receive(a, message);
    fixture.receive(b, message);
  }
  const look = fixture.rib.hasSoleRoutes(new Set([a.slot]));
  expect(look.next()).toEqual({ done: false, value: undefined });
  expect(look.next()).toEqual({ done: true, value: false });
  fixture.receive(a, route('192.0.2.0/24'));
  const other = fixture.rib.hasSoleRoutes(new Set([a.slot]));
  expect([other.next().done, other.next().value]).toEqual([false, true]);
});
