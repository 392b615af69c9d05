/** ORIGINATOR_ID and CLUSTER_LIST (RFC 4456 §8). */
import { ColumnFlag } from './attribute-columns.ts';
import { type AttributeDescriptor, readUint32 } from './attribute-descriptor.ts';
import { AttributeType, OPTIONAL_NON_TRANSITIVE } from './attribute-type.ts';

export const originatorId: AttributeDescriptor = {
  code: AttributeType.OriginatorId,
  name: 'ORIGINATOR_ID',
  flags: OPTIONAL_NON_TRANSITIVE,
  check(bytes, at, length, columns) {
    if (length !== 4) return `ORIGINATOR_ID has ${length} octets instead of 4`;
    columns.originatorId = readUint32(bytes, at);
    columns.flags |= ColumnFlag.OriginatorId;
    return null;
  },
};

export const clusterList: AttributeDescriptor = {
  code: AttributeType.ClusterList,
  name: 'CLUSTER_LIST',
  flags: OPTIONAL_NON_TRANSITIVE,
  check(_bytes, _at, length, columns) {
    if (length === 0 || length % 4 !== 0) return `CLUSTER_LIST has ${length} octets`;
    columns.clusterListLength = length >> 2;
    return null;
  },
};
