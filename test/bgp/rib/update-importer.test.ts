import { asPath, localPref, nextHop, origin } from '../../harness/bgp/attributes.ts';
import { encodeUpdate } from '../../harness/bgp/encode.ts';
import { encodePrefix } from '../../harness/bgp/prefix-text.ts';
import { RibFixture } from '../routing/rib-fixture.ts';

describe('importing UPDATEs', () => {
  test('one UPDATE may withdraw the last route of an attribute set and announce another with the same set', () => {
    const fixture = new RibFixture();
    const session = fixture.up(1);
    const attributes = [origin(0), asPath([]), nextHop('192.0.2.1'), localPref(100)];
    fixture.receive(session, encodeUpdate({ attributes, nlri: encodePrefix('10.1.0.0/24') }));
    const both = encodeUpdate({
      withdrawn: encodePrefix('10.1.0.0/24'),
      attributes,
      nlri: encodePrefix('10.2.0.0/24'),
    });
    expect(fixture.receive(session, both).notification).toBeNull();
    expect(fixture.routes().map((route) => route.prefix)).toEqual(['10.2.0.0/24']);
    fixture.expectNothingLeft();
  });
});
