/** FRR as the router of the rack, with a host behind it. */
import { Fabric } from '../../harness/cluster/fabric.ts';
import { FrrRouter } from '../../harness/daemons/frr-router.ts';
import { inside, ip } from '../../harness/network/node-lab.ts';
import { NetworkNamespace } from '../../harness/process/network-namespace.ts';

const NUMBER = 200;
const NETWORK = '10.99.0.0/24';

export class TopOfRack {
  static readonly ADDRESS = `10.0.0.${NUMBER}`;
  static readonly ASN = 65001;
  /** Of the host behind it. */
  static readonly HOST_ADDRESS = '10.99.0.1';
  readonly namespace: NetworkNamespace;
  readonly host: NetworkNamespace;
  readonly router: FrrRouter;

  private constructor(namespace: NetworkNamespace, host: NetworkNamespace, router: FrrRouter) {
    this.namespace = namespace;
    this.host = host;
    this.router = router;
  }

  /** @param asn of the nodes, which may dial from the whole subnet */
  static async start(fabric: Fabric, asn: number): Promise<TopOfRack> {
    const { namespace } = fabric.plugIn('tor', NUMBER);
    const host = new NetworkNamespace('outside', []);
    ip(namespace, `link add rack type veth peer name eth0 netns ${host.name}`);
    ip(namespace, 'link set rack up');
    ip(namespace, 'addr add 10.99.0.254/24 dev rack');
    inside(namespace, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    ip(host, 'link set eth0 up');
    ip(host, `addr add ${TopOfRack.HOST_ADDRESS}/24 dev eth0`);
    ip(host, 'route add default via 10.99.0.254');
    const router = await FrrRouter.start(namespace, {
      asn: TopOfRack.ASN,
      routerId: TopOfRack.ADDRESS,
      clients: { range: Fabric.SUBNET, asn },
      network: NETWORK,
    });
    return new TopOfRack(namespace, host, router);
  }

  async stop(): Promise<void> {
    await this.router.stop();
    this.host.remove();
  }
}
