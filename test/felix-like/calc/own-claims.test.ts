import { type ClaimsConfig, OwnClaims } from '../../../felix-like/calc/own-claims.ts';

function claims(input: Partial<ClaimsConfig>): OwnClaims {
  return new OwnClaims({
    workloads: [],
    blocks: [],
    serviceRanges: [],
    gatewayRoutes: [],
    ...input,
  });
}

const pod = { name: 'default/pod-1', interfaceName: 'cali1', mac: null };

describe('own claims', () => {
  test('blocks are announced, and so are addresses that were borrowed from the blocks of others', () => {
    const own = claims({
      blocks: [{ prefix: '10.244.1.0/26', resource: 'BlockAffinity/a' }],
      workloads: [{ ...pod, addresses: ['10.244.1.5/32', '10.244.9.9/32', 'fd00:10::5/128'] }],
    });
    expect(own.announcements).toEqual(['10.244.1.0/26', '10.244.9.9/32', 'fd00:10::5/128']);
  });

  test('a block of one address is announced once', () => {
    const own = claims({
      blocks: [{ prefix: '10.244.1.5/32', resource: 'BlockAffinity/a' }],
      workloads: [{ ...pod, addresses: ['10.244.1.5/32'] }],
    });
    expect(own.announcements).toEqual(['10.244.1.5/32']);
  });

  test('what cannot be read is reported with its name, and the rest counts', () => {
    const own = claims({
      blocks: [
        { prefix: '10.244.1.7/26', resource: 'BlockAffinity/a' },
        { prefix: '10.244.2.0/26', resource: 'BlockAffinity/b' },
      ],
      workloads: [{ ...pod, addresses: ['10.244.1.5/24', '10.244.1.6/32'] }],
    });
    expect(own.problems).toEqual([
      { object: 'workload default/pod-1', text: '10.244.1.5/24 is not a host address' },
      { object: 'block 10.244.1.7/26', text: 'is not a prefix' },
    ]);
    expect([...own.blocks.keys(), ...own.workloads.keys()]).toEqual(['10.244.2.0/26', '10.244.1.6/32']);
  });
});
