import { rejects } from '../../support/resource-problems.ts';

describe('what Calico refuses is refused, by field', () => {
  rejects('BGPFilter', [
    [
      'cidr without operator',
      '{exportV4: [{cidr: 10.0.0.0/8, action: Accept}]}',
      ['spec.exportV4[0].cidr', 'needs matchOperator'],
    ],
    [
      'a community with leading zeros, which Calico refuses here',
      '{importV4: [{communities: {values: ["01:2"]}, action: Accept}], exportV6: [{action: Accept, operations: [{addCommunity: {value: "1:02:3"}}]}]}',
      [
        'spec.importV4[0].communities.values[0]',
        'must be a community aa:nn (0 to 65535 each) or a:b:c (32 bits each), without leading zeros, is "01:2"',
      ],
      [
        'spec.exportV6[0].operations[0].addCommunity.value',
        'must be a community aa:nn (0 to 65535 each) or a:b:c (32 bits each), without leading zeros, is "1:02:3"',
      ],
    ],
    [
      'operator without cidr',
      '{exportV4: [{matchOperator: In, action: Accept}]}',
      ['spec.exportV4[0].matchOperator', 'needs cidr'],
    ],
    [
      'lengths without cidr',
      '{importV4: [{prefixLength: {min: 1}, action: Accept}]}',
      ['spec.importV4[0].prefixLength', 'needs cidr'],
    ],
    [
      'length beyond 32',
      '{importV4: [{cidr: 10.0.0.0/8, matchOperator: In, prefixLength: {max: 33}, action: Accept}]}',
      ['spec.importV4[0].prefixLength.max', 'must be at most 32, is 33'],
    ],
    [
      'length of IPv6',
      '{importV6: [{cidr: "fd00::/8", matchOperator: In, prefixLength: {max: 128}, action: Accept}]}',
    ],
    [
      'wrong family',
      '{importV6: [{cidr: 10.0.0.0/8, matchOperator: In, action: Accept}]}',
      ['spec.importV6[0].cidr', 'must be an IPv6 prefix, is 10.0.0.0/8'],
    ],
    ['no action', '{importV4: [{source: RemotePeers}]}', ['spec.importV4[0].action', 'is required']],
    [
      'two communities',
      '{importV4: [{communities: {values: ["1:2", "3:4"]}, action: Accept}]}',
      ['spec.importV4[0].communities.values', 'must have at most 1 entries, has 2'],
    ],
    [
      'operations on Reject',
      '{importV4: [{action: Reject, operations: [{setPriority: {value: 1}}]}]}',
      ['spec.importV4[0].operations', 'is only allowed with action Accept'],
    ],
    [
      'no operation',
      '{importV4: [{action: Accept, operations: []}]}',
      ['spec.importV4[0].operations', 'must have at least 1 entries, has 0'],
    ],
    [
      'two in one operation',
      '{importV4: [{action: Accept, operations: [{setPriority: {value: 1}, addCommunity: {value: "1:2"}}]}]}',
      [
        'spec.importV4[0].operations[0]',
        'must have exactly one of addCommunity, prependASPath and setPriority',
      ],
    ],
    [
      'priority',
      '{importV4: [{priority: 0, action: Accept}]}',
      ['spec.importV4[0].priority', 'must be at least 1, is 0'],
    ],
  ]);
});
