/** BGP Identifier and listening sockets of the speaker. */
import { FAMILIES, formatAddress, parseAddress } from '@manul/bgp/net';
import { digest } from './digest.ts';
import type { RenderContext } from './render-context.ts';

/** Dotted quad; from the option, else the IPv4 address, else a hash of the node's name. */
export function routerIdOf(context: RenderContext): string {
  const { options, self, warnings } = context;
  const resource = `Node/${options.node}`;
  if (options.routerId !== null && options.routerId !== 'hash') {
    const bytes = parseAddress(options.routerId);
    if (bytes?.length === 4 && bytes.some((byte) => byte !== 0)) return formatAddress(bytes);
    warnings.add(
      resource,
      '',
      `router ID ${JSON.stringify(options.routerId)} is ignored: no IPv4 address, nor hash`,
    );
  }
  if (options.routerId === 'hash') return hashedRouterId(options.node);
  const own = self.addresses.ipv4?.address;
  if (own !== undefined) return own;
  const id = hashedRouterId(options.node);
  warnings.add(
    resource,
    'spec.bgp.ipv4Address',
    `is missing, and no router ID is given: ${id}, a hash of the name, is used`,
  );
  return id;
}

/** Calico's hash: the first four bytes of SHA-256, kept below the multicast range. */
function hashedRouterId(node: string): string {
  const bytes = digest('sha256', node).subarray(0, 4);
  if (bytes[0]! > 223) bytes[0] = bytes[0]! - 32;
  return formatAddress(Uint8Array.from(bytes));
}

/** Where the speaker listens. `bindMode: NodeIP` without an address listens nowhere. */
export function listenAddresses(
  context: RenderContext,
): { readonly address: string; readonly port: number }[] {
  const { options, self, settings, warnings } = context;
  const port = settings.listenPortOf(options.node);
  if (settings.cluster.bindMode !== 'NodeIP') return ['0.0.0.0', '::'].map((address) => ({ address, port }));
  const own = FAMILIES.flatMap((family) => self.addresses[family]?.address ?? []);
  if (own.length === 0) {
    const text = `is NodeIP, but node ${options.node} has no address: nothing listens`;
    warnings.add('BGPConfiguration/default', 'spec.bindMode', text);
  }
  return own.map((address) => ({ address, port }));
}
