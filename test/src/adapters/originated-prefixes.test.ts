import { originatedPrefixes } from '../../../src/adapters/originated-prefixes.ts';
import { nodeConfig } from '../support/fake-datastore.ts';

const base = nodeConfig();
const config = nodeConfig({
  rendered: {
    ...base.rendered,
    routePriority: { ipv4: 1024, ipv6: 512 },
    communities: [
      { prefix: '10.0.0.0/8', communities: ['65000:1', '65000:2'] },
      { prefix: '10.0.0.0/16', communities: ['65000:2', '65000:0:3'] },
    ],
    originated: [
      { prefix: '10.0.0.0/26', reason: 'block', resource: 'BlockAffinity/a' },
      { prefix: '10.96.0.0/12', reason: 'service', resource: 'BGPConfiguration/default' },
    ],
  },
  speaker: {
    ...base.speaker,
    originated: [{ prefix: '10.96.0.0/12', localPref: 7, communities: ['1:1'] }],
  },
});

test('LOCAL_PREF follows the route priority of the family (Calico 3.32)', () => {
  const entries = originatedPrefixes(['192.168.0.0/26', 'fd00::/122'], config);
  expect(entries.slice(0, 2)).toEqual([
    { prefix: '192.168.0.0/26', localPref: 2_147_482_623, communities: [] },
    { prefix: 'fd00::/122', localPref: 2_147_483_135, communities: [] },
  ]);
});

test('communities are those of every advertisement that holds the prefix, once each', () => {
  expect(originatedPrefixes(['10.0.0.0/26'], config)[0]?.communities).toEqual([
    '65000:1',
    '65000:2',
    '65000:0:3',
  ]);
  expect(originatedPrefixes(['10.1.0.0/26'], config)[0]?.communities).toEqual(['65000:1', '65000:2']);
});

test('a block that the agent does not announce is left out; services are never the matter of the agent', () => {
  expect(originatedPrefixes([], config)).toEqual([
    { prefix: '10.96.0.0/12', localPref: 7, communities: ['1:1'] },
  ]);
});
