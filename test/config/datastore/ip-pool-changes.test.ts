/** calico-semantics 1.5: cidr and blockSize are immutable, and a load balancer pool stays one. */

import { formatPrefix, parsePrefix } from '@manul/bgp/net';
import { createFileDatastore, type DatastoreSnapshot } from '@manul/config';
import { overlappingPools } from '../../../config/schema/cross-check.ts';
import { ResourceFolder, withDatastore } from '../support/resource-folder.ts';

let folder: ResourceFolder;
beforeEach(() => {
  folder = new ResourceFolder();
});
afterEach(() => folder.remove());

const pool = (spec: string) => `apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: pods}
spec:
  ${spec}
`;
const inForce = ({ resources }: DatastoreSnapshot) => {
  const spec = resources.ipPools.get('pods')?.spec;
  return spec && { cidr: formatPrefix(spec.cidr), blockSize: spec.blockSize, nat: spec.natOutgoing };
};

test.each([
  ['cidr', 'cidr: 10.66.0.0/16', 'spec.cidr', 'cannot be changed from 10.65.0.0/16'],
  ['blockSize', '{cidr: 10.65.0.0/16, blockSize: 28}', 'spec.blockSize', 'cannot be changed from 26'],
])('a change of %s is refused, and the last good version stays', async (_title, spec, field, text) => {
  folder.write('pool.yaml', pool('{cidr: 10.65.0.0/16}'));
  await withDatastore(createFileDatastore({ paths: [folder.path] }), async (log) => {
    folder.write('pool.yaml', pool(spec));
    const snapshot = await log.until(({ problems }) => problems.length > 0);
    expect(inForce(snapshot)).toEqual({ cidr: '10.65.0.0/16', blockSize: undefined, nat: false });
    expect(snapshot.problems).toEqual([
      {
        file: folder.file('pool.yaml'),
        line: 5,
        resource: 'IPPool/pods',
        field,
        text: `${text}: remove the pool first, or make another one`,
        severity: 'error',
      },
    ]);

    // It is compared with what is in force, not with what was last written; the rest may change.
    folder.write('pool.yaml', pool('{cidr: 10.65.0.0/16, blockSize: 26, natOutgoing: true}'));
    const mended = await log.until(({ problems }) => problems.length === 0);
    expect(inForce(mended)).toEqual({ cidr: '10.65.0.0/16', blockSize: 26, nat: true });
  });
});

test('a pool that was removed may come back with another range', async () => {
  folder.write('pool.yaml', pool('{cidr: 10.65.0.0/16}'));
  folder.write('other.yaml', '');
  await withDatastore(createFileDatastore({ paths: [folder.path] }), async (log) => {
    folder.remove('pool.yaml');
    await log.until((snapshot) => inForce(snapshot) === undefined);
    folder.write('pool.yaml', pool('{cidr: 10.66.0.0/16}'));
    const snapshot = await log.until((candidate) => inForce(candidate)?.cidr === '10.66.0.0/16');
    expect(snapshot.problems).toEqual([]);
  });
});

test('a load balancer pool cannot be given another use', async () => {
  folder.write('pool.yaml', pool('{cidr: 10.65.0.0/16, allowedUses: [LoadBalancer]}'));
  await withDatastore(createFileDatastore({ paths: [folder.path] }), async (log) => {
    folder.write('pool.yaml', pool('{cidr: 10.65.0.0/16, allowedUses: [Workload]}'));
    const { problems } = await log.until((snapshot) => snapshot.problems.length > 0);
    expect(problems[0]).toMatchObject({ field: 'spec.allowedUses', severity: 'error' });
  });
});

describe('overlapping pools', () => {
  const overlaps = (...cidrs: string[]) =>
    overlappingPools(cidrs.map((cidr) => ({ name: cidr, cidr: parsePrefix(cidr)! }))).map(
      ({ pool: { name }, text }) => `${name} ${text}`,
    );

  test.each<[string[], string[]]>([
    [['10.0.0.0/8', '11.0.0.0/8', 'fd00::/48'], []],
    [['10.0.0.0/8', '10.1.0.0/16'], ['10.1.0.0/16 overlaps 10.0.0.0/8 of IPPool/10.0.0.0/8']],
    [['10.1.0.0/16', '10.0.0.0/8'], ['10.0.0.0/8 overlaps 10.1.0.0/16 of IPPool/10.1.0.0/16']],
    [
      ['10.1.0.0/16', '10.2.0.0/16', '10.0.0.0/8', '10.2.3.0/24', '192.0.2.0/24'],
      [
        '10.0.0.0/8 overlaps 10.1.0.0/16 of IPPool/10.1.0.0/16',
        '10.2.3.0/24 overlaps 10.2.0.0/16 of IPPool/10.2.0.0/16',
      ],
    ],
    [['10.0.0.0/8', '10.0.0.0/8'], ['10.0.0.0/8 overlaps 10.0.0.0/8 of IPPool/10.0.0.0/8']],
    [['::/0', '0.0.0.0/0'], []],
  ])('%j: %j', (cidrs, expected) => {
    expect(overlaps(...cidrs)).toEqual(expected);
  });
});
