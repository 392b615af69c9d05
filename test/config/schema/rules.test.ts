import { parseResource } from '../../../config/schema/parse-resource.ts';

test.each([
  ['BGPPeer', { peerIP: { address: {} }, reachableBy: '10.0.0.1', asNumber: 1 }, 'spec.peerIP'],
  ['IPAMBlock', { cidr: [], allocations: [null], attributes: [] }, 'spec.cidr'],
  ['IPPool', { cidr: { bytes: 1 } }, 'spec.cidr'],
])(
  '%s with a value of another type is named, and the rules between fields take no harm',
  (kind, spec, field) => {
    const parsed = parseResource({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name: 'x' }, spec });
    const problems = parsed.outcome === 'invalid' ? parsed.problems : [];
    expect(problems.map(({ path }) => path.join('.'))).toContain(field);
  },
);
