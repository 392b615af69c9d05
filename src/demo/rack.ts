/** Builds the rack of `rack-plan.ts` from namespaces, veth pairs and one bridge. Nothing of it is outside namespaces. */
import { Namespace } from './namespace.ts';
import { OUTSIDE, RACK, type RackNode, ROUTER } from './rack-plan.ts';
import type { Stage } from './stage.ts';

export interface Rack {
  readonly reflector: Namespace;
  readonly router: Namespace;
  /** In the order of the plan. */
  readonly nodes: readonly Namespace[];
  readonly pods: readonly Namespace[];
  readonly outside: Namespace;
}

/** A pod's gateway: no one has the address, the node answers for it by proxy ARP. */
const POD_GATEWAY = '169.254.1.1';
/** All of Calico's host interfaces have it. */
const HOST_MAC = 'ee:ee:ee:ee:ee:ee';

export async function buildRack(stage: Stage): Promise<Rack> {
  const wire = await Namespace.create(stage, 'switch');
  await wire.ip('link', 'add', 'switch', 'type', 'bridge');
  await wire.ip('link', 'set', 'switch', 'up');
  const plug = async (name: string, address: string): Promise<Namespace> => {
    const namespace = await Namespace.create(stage, name);
    await wire.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace.name);
    await wire.ip('link', 'set', name, 'master', 'switch', 'up');
    await namespace.ip('address', 'add', address, 'dev', 'eth0');
    await namespace.ip('link', 'set', 'eth0', 'up');
    return namespace;
  };
  const [reflector, router, ...nodes] = await Promise.all([
    plug(RACK.reflector.name, RACK.reflector.address),
    plug(ROUTER.name, `${ROUTER.address}/24`),
    ...RACK.nodes.map(({ name, address }) => plug(name, address)),
  ]);
  await router.setSysctl('net/ipv4/ip_forward', 1);
  const pods = await Promise.all(RACK.nodes.map((plan, i) => addPod(stage, nodes[i]!, plan)));
  return { reflector, router, nodes, pods, outside: await addOutside(stage, router) };
}

/** As a CNI plugin leaves it. Routes and sysctls of the host side are the agent's work. */
async function addPod(stage: Stage, node: Namespace, { pod }: RackNode): Promise<Namespace> {
  // A kernel answers for addresses of others only where it knows a way to them: any node has a default route.
  await node.ip('route', 'add', 'default', 'via', ROUTER.address);
  const namespace = await Namespace.create(stage, pod.name);
  const { interfaceName } = pod;
  await node.ip(
    'link',
    'add',
    interfaceName,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    namespace.name,
  );
  await node.ip('link', 'set', interfaceName, 'address', HOST_MAC, 'up');
  await namespace.ip('address', 'add', `${pod.address}/32`, 'dev', 'eth0');
  await namespace.ip('link', 'set', 'eth0', 'up');
  await namespace.ip('route', 'add', POD_GATEWAY, 'dev', 'eth0', 'scope', 'link');
  await namespace.ip('route', 'add', 'default', 'via', POD_GATEWAY);
  return namespace;
}

async function addOutside(stage: Stage, router: Namespace): Promise<Namespace> {
  const outside = await Namespace.create(stage, 'host');
  await router.ip('link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', outside.name);
  await router.ip('address', 'add', `${OUTSIDE.routerAddress}/24`, 'dev', 'lan');
  await router.ip('link', 'set', 'lan', 'up');
  await outside.ip('address', 'add', `${OUTSIDE.host}/24`, 'dev', 'eth0');
  await outside.ip('link', 'set', 'eth0', 'up');
  await outside.ip('route', 'add', 'default', 'via', OUTSIDE.routerAddress);
  return outside;
}
