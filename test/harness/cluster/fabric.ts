/** The network of a cluster's machines: one bridge, which is also a router, and cables to it. */
import { ip } from '../network/node-lab.ts';
import { NetworkNamespace } from '../process/network-namespace.ts';

export class Fabric {
  static readonly ADDRESS = '10.0.0.254';
  static readonly ADDRESS_V6 = 'fd00::fe';
  static readonly SUBNET = '10.0.0.0/24';
  /** Where the bridge is. */
  readonly namespace = new NetworkNamespace('fabric', []);
  readonly #machines: NetworkNamespace[] = [];

  constructor() {
    ip(this.namespace, 'link add br0 type bridge');
    ip(this.namespace, 'link set br0 up');
    ip(this.namespace, `addr add ${Fabric.ADDRESS}/24 dev br0`);
    ip(this.namespace, `addr add ${Fabric.ADDRESS_V6}/64 dev br0 nodad`);
  }

  /** A namespace with `eth0` on the bridge. @param number last octet of its addresses */
  plugIn(name: string, number: number): { namespace: NetworkNamespace; addresses: readonly string[] } {
    const namespace = new NetworkNamespace(name, []);
    this.#machines.push(namespace);
    const addresses = [`10.0.0.${number}`, `fd00::${number.toString(16)}`];
    ip(this.namespace, `link add port${number} type veth peer name eth0 netns ${namespace.name}`);
    ip(this.namespace, `link set port${number} up master br0`);
    ip(namespace, 'link set eth0 up');
    ip(namespace, `addr add ${addresses[0]}/24 dev eth0`);
    ip(namespace, `addr add ${addresses[1]}/64 dev eth0 nodad`);
    ip(namespace, `route add default via ${Fabric.ADDRESS}`);
    ip(namespace, `-6 route add default via ${Fabric.ADDRESS_V6}`);
    return { namespace, addresses };
  }

  remove(): void {
    for (const machine of this.#machines) machine.remove();
    this.namespace.remove();
  }
}
