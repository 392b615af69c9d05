import { originatedPrefixes } from '../../../src/adapters/originated-prefixes.ts';
import { nodeConfig } from '../support/fake-datastore.ts';

const rendered = {
  ...nodeConfig().rendered,
  routePriority: { ipv4: 1024, ipv6: 512 },
  originated: [
    { prefix: '10.0.0.0/26', reason: 'block', resource: 'BlockAffinity/a' },
    { prefix: '10.96.0.0/12', reason: 'service', resource: 'BGPConfiguration/default' },
  ] as const,
};

test('LOCAL_PREF follows the route priority of the family (Calico 3.32)', () => {
  expect(originatedPrefixes(['192.168.0.0/26', 'fd00::/122'], rendered)).toMatchObject([
    { prefix: '192.168.0.0/26', localPref: 2_147_482_623 },
    { prefix: 'fd00::/122', localPref: 2_147_483_135 },
    { prefix: '10.96.0.0/12' },
  ]);
});

test('a block that the agent does not announce is left out; services are never the matter of the agent', () => {
  expect(originatedPrefixes([], rendered).map(({ prefix }) => prefix)).toEqual(['10.96.0.0/12']);
});
