/** A node as a process of its own: client of a reflector through a BGPPeer, with blocks that it originates. */
import { ManulDaemon } from '../../harness/manul/manul-daemon.ts';
import { bgpPeerYaml, blocksYaml, nodeYaml } from '../../harness/manul/resources.ts';
import { ASN, type Reflector } from './reflector.ts';

export const POD_POOL = '10.244.0.0/16';

export interface ClientNodeOptions {
  readonly node: string;
  readonly address: string;
  readonly blocks: readonly string[];
}

/** Dials the reflector from `address`; its BGPPeer is called `reflector`. */
export function startClientNode(reflector: Reflector, options: ClientNodeOptions): Promise<ManulDaemon> {
  const { node, address, blocks } = options;
  return ManulDaemon.start({
    node,
    files: {
      'node.yaml': nodeYaml({ node, asn: ASN, port: reflector.port, ipv4Address: address }),
      'reflector.yaml': bgpPeerYaml('reflector', reflector.address, reflector.port, ASN),
      'blocks.yaml': blocksYaml(node, POD_POOL, blocks),
    },
  });
}
