import { constants } from 'node:os';
import type { ObjectOperation } from '../../../felix-like/kernel/kernel-port.ts';
import { ObjectBatch } from '../../../felix-like/kernel/object-batch.ts';
import { kernelFailure } from '../../../felix-like/kernel/system-error.ts';

const IPIP: ObjectOperation = {
  kind: 'link',
  op: 'create',
  link: { kind: 'ipip', name: 'tunl0', mtu: null },
};
const CHANGE: ObjectOperation = { kind: 'link', op: 'change', interfaceIndex: 7, change: { mtu: 1400 } };
const ADDRESS: ObjectOperation = {
  kind: 'address',
  op: 'add',
  address: { interfaceIndex: 7, address: '10.65.1.1', subnet: '10.65.1.1/32' },
};
const NEIGHBOUR: ObjectOperation = {
  kind: 'neighbour',
  op: 'delete',
  neighbour: {
    table: 'ip',
    interfaceIndex: 7,
    address: '10.65.2.2',
    mac: '66:00:00:00:00:02',
    isPermanent: true,
  },
};
type Errno = keyof typeof constants.errno;

describe('what the kernel refuses of objects, in words about them', () => {
  test.each<[ObjectOperation, Errno, string | null, string]>([
    // As Linux says it where the module is not there.
    [
      IPIP,
      'EOPNOTSUPP',
      'Unknown device type',
      'this kernel has no links of kind ipip: its module ipip is missing (EOPNOTSUPP)',
    ],
    [IPIP, 'EEXIST', null, 'there is such a link already (EEXIST)'],
    [
      IPIP,
      'EEXIST',
      'A VXLAN device with the specified VNI already exists',
      'A VXLAN device with the specified VNI already exists (EEXIST)',
    ],
    [CHANGE, 'ENODEV', null, 'no such interface (ENODEV)'],
    [ADDRESS, 'EEXIST', null, 'there is such an address already (EEXIST)'],
    [NEIGHBOUR, 'ENOENT', null, 'there is no such entry (ENOENT)'],
  ])('%j, %s, %j', (operation, code, sentence, text) => {
    const failure = { index: 0, ...kernelFailure(constants.errno[code], sentence) };
    expect(new ObjectBatch([operation]).explain([failure])).toEqual([{ index: 0, code, text }]);
  });
});
