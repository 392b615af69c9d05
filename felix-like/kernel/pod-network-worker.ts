/**
 * The thread that works in the network namespaces of pods. setns() moves the calling thread only, and everything
 * between entering and leaving is synchronous here, so nothing else can ever run in a foreign namespace. A thread
 * that cannot come back ends itself.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { KernelLink, KernelRoute } from './kernel-port.ts';
import * as libc from './libc.ts';
import { decodeAddress, encodeAddressDump } from './netlink/address-message.ts';
import { MessageType } from './netlink/constants.ts';
import { decodeLink, encodeLinkRequest } from './netlink/link-message.ts';
import { decodeRoute } from './netlink/route-decode.ts';
import { encodeRouteDump } from './netlink/route-query.ts';
import { encodeRouteOperation } from './netlink/route-write.ts';
import { NetlinkExchange, Refused } from './netlink-exchange.ts';
import type {
  PodInterface,
  PodInterfaceSettings,
  PodResult,
  PodRoute,
  VethPair,
  VethRequest,
} from './pod-network-port.ts';
import type { PodWorkerReply, PodWorkerRequest, PodWorkerSettings } from './pod-worker-protocol.ts';
import { writeSysctlFile } from './sysctl-files.ts';
import { errorCode } from './system-error.ts';

const CLONE_NEWNET = 0x40000000;
const MAIN_TABLE = 254;
/** Everybody's number for what is set up once (rtnetlink(7), RTPROT_BOOT); the kernel's own is 2. */
const PROTOCOL_BOOT = 3;
const PROTOCOL_KERNEL = 2;
/** RFC 4291 §2.5.6 */
const LINK_LOCAL_SUBNET = 'fe80::/64';

const { hostNamespace, sysctlFolder } = workerData as PodWorkerSettings;
const hostFd = openHostNamespace(hostNamespace);
const host = new NetlinkExchange();

function createVeth(request: VethRequest): VethPair {
  return withNamespace(
    request.networkNamespace,
    () => {},
    (pod) => createPair(pod, request),
  );
}

function createPair(pod: NetlinkExchange, request: VethRequest): VethPair {
  const { hostName, podName, networkNamespace, hostMac, hostLinkLocal, mtu } = request;
  if (getLink(pod, podName) !== null) {
    throw new Refused(podName, { code: 'EEXIST', text: `exists already in ${networkNamespace} (EEXIST)` });
  }
  const peer = { name: podName, mac: null, mtu, networkNamespace };
  const link = { kind: 'veth', name: hostName, mac: hostMac, mtu, peer } as const;
  host.change(`making ${hostName}`, { kind: 'link', op: 'create', link });
  const { index: interfaceIndex } = requireLink(host, hostName);
  if (hostLinkLocal !== null) {
    const address = { interfaceIndex, address: hostLinkLocal, subnet: LINK_LOCAL_SUBNET };
    host.change(`${hostLinkLocal} on ${hostName}`, { kind: 'address', op: 'add', address });
  }
  host.change(`${hostName} up`, { kind: 'link', op: 'change', interfaceIndex, change: { isUp: true } });
  const podLink = requireLink(pod, podName);
  return { hostIndex: interfaceIndex, podMac: podLink.mac ?? '', mtu: podLink.mtu };
}

function configure(settings: PodInterfaceSettings): true {
  const { networkNamespace, podName } = settings;
  return withNamespace(
    networkNamespace,
    () => setPodSysctls(settings),
    (pod) => {
      const { index: interfaceIndex } = requireLink(pod, podName);
      for (const subnet of settings.addresses) {
        const address = { interfaceIndex, address: subnet.split('/')[0]!, subnet };
        pod.change(`${subnet} on ${podName}`, { kind: 'address', op: 'add', address });
      }
      pod.change(`${podName} up`, { kind: 'link', op: 'change', interfaceIndex, change: { isUp: true } });
      for (const { address, mac } of settings.neighbours) {
        const neighbour = { table: 'ip', interfaceIndex, address, mac, isPermanent: true } as const;
        pod.change(`neighbour ${address}`, { kind: 'neighbour', op: 'put', neighbour });
      }
      for (const route of settings.routes) addRoute(pod, podRoute(route, interfaceIndex));
      return true;
    },
  );
}

/** As Calico's: a pod is no router, and takes no routes from strangers. What cannot be set stays as it is. */
function setPodSysctls({ podName, addresses }: PodInterfaceSettings): void {
  writeSysctlFile(sysctlFolder, { key: 'net/ipv4/ip_forward', value: '0' });
  if (!addresses.some((address) => address.includes(':'))) return;
  writeSysctlFile(sysctlFolder, { key: `net/ipv6/conf/${podName}/disable_ipv6`, value: '0' });
  writeSysctlFile(sysctlFolder, { key: `net/ipv6/conf/${podName}/accept_ra`, value: '0' });
}

function addRoute(pod: NetlinkExchange, route: KernelRoute): void {
  const failure = pod.request((writer, sequence) =>
    encodeRouteOperation(writer, { op: 'add', route }, sequence, true),
  );
  if (failure !== null) throw new Refused(`route ${route.prefix}`, failure);
}

function podRoute({ prefix, gateway }: PodRoute, interfaceIndex: number): KernelRoute {
  const nextHops = [{ gateway, interfaceIndex, onlink: false, weight: 1 }];
  const scope = gateway === null && !prefix.includes(':') ? 'link' : 'universe';
  const target = { type: 'unicast', protocol: PROTOCOL_BOOT, scope, nextHops } as const;
  return { table: MAIN_TABLE, prefix, metric: 0, target };
}

function inspect(networkNamespace: string, podName: string): PodInterface | null {
  return withNamespace(
    networkNamespace,
    () => {},
    (pod) => {
      const link = getLink(pod, podName);
      return link && { link, addresses: addressesOf(pod, link), routes: routesOver(pod, link) };
    },
  );
}

function addressesOf(pod: NetlinkExchange, { index }: KernelLink): string[] {
  const addresses: string[] = [];
  pod.request(encodeAddressDump, (message) => {
    const entry = message.type === MessageType.NewAddr ? decodeAddress(message) : null;
    if (entry?.interfaceIndex === index && entry.subnet !== LINK_LOCAL_SUBNET) addresses.push(entry.address);
  });
  return addresses;
}

function routesOver(pod: NetlinkExchange, { index }: KernelLink): PodRoute[] {
  const routes: PodRoute[] = [];
  for (const family of ['ipv4', 'ipv6'] as const) {
    const filter = { family, table: MAIN_TABLE, protocol: null, interfaceIndex: index };
    pod.request(
      (writer, sequence) => encodeRouteDump(writer, filter, sequence),
      (message) => {
        const route = message.type === MessageType.NewRoute ? decodeRoute(message) : null;
        if (route === null || route.table !== MAIN_TABLE || route.target.protocol === PROTOCOL_KERNEL) return;
        const hop = route.target.nextHops.find(({ interfaceIndex }) => interfaceIndex === index);
        if (hop !== undefined) routes.push({ prefix: route.prefix, gateway: hop.gateway });
      },
    );
  }
  return routes;
}

function removeHostLink(name: string, index: number | null): boolean {
  const link = getLink(host, name);
  if (link === null || (index !== null && link.index !== index)) return false;
  try {
    host.change(`removing ${name}`, { kind: 'link', op: 'delete', interfaceIndex: link.index });
  } catch (error) {
    // It may go by itself meanwhile, with the pod's namespace.
    if (!(error instanceof Refused && error.failure.code === 'ENODEV')) throw error;
  }
  return true;
}

function getLink(exchange: NetlinkExchange, name: string): KernelLink | null {
  const links: (KernelLink | null)[] = [];
  const failure = exchange.request(
    (writer, sequence) => encodeLinkRequest(writer, name, sequence),
    (message) => links.push(decodeLink(message)),
  );
  if (failure !== null && failure.code !== 'ENODEV') throw new Refused(name, failure);
  return links[0] ?? null;
}

function requireLink(exchange: NetlinkExchange, name: string): KernelLink {
  const link = getLink(exchange, name);
  if (link === null) throw new Refused(name, { code: 'ENODEV', text: 'does not exist (ENODEV)' });
  return link;
}

/** @param enter runs on this thread while it is inside; `work` runs outside, on a socket that is inside */
function withNamespace<Value>(path: string, enter: () => void, work: (pod: NetlinkExchange) => Value): Value {
  const pod = insideNamespace(path, () => {
    enter();
    return new NetlinkExchange();
  });
  try {
    return work(pod);
  } finally {
    pod.close();
  }
}

function insideNamespace<Value>(path: string, work: () => Value): Value {
  const fd = openNamespace(path);
  const result = libc.setns(fd, CLONE_NEWNET);
  const errno = libc.errno();
  closeSync(fd);
  if (result < 0) {
    const code = errorCode(errno);
    const hint = code === 'EPERM' ? 'it takes CAP_SYS_ADMIN' : 'it is no network namespace';
    throw new Refused(`entering ${path}`, { code, text: `${hint} (${code})` });
  }
  try {
    return work();
  } finally {
    comeBack();
  }
}

/** @throws Error that ends the thread */
function comeBack(): void {
  if (libc.setns(hostFd, CLONE_NEWNET) >= 0) return;
  throw new Error(`the way back into the node's network namespace: ${errorCode(libc.errno())}`);
}

function openNamespace(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    throw new Refused(`network namespace ${path}`, { code, text: `cannot be opened (${code})` });
  }
}

function openHostNamespace(path: string | null): number {
  const fd = openSync(path ?? '/proc/thread-self/ns/net', 'r');
  if (path !== null && libc.setns(fd, CLONE_NEWNET) < 0) {
    throw new Error(`cannot enter the network namespace ${path}: ${errorCode(libc.errno())}`);
  }
  return fd;
}

function carryOut(request: PodWorkerRequest): PodWorkerReply['value'] {
  switch (request.op) {
    case 'createVeth':
      return createVeth(request.request);
    case 'configure':
      return configure(request.settings);
    case 'inspect':
      return inspect(request.networkNamespace, request.podName);
    case 'findHostLink':
      return getLink(host, request.name);
    case 'removeHostLink':
      return removeHostLink(request.name, request.index);
  }
}

function answer(request: PodWorkerRequest): PodResult<PodWorkerReply['value']> {
  try {
    return { value: carryOut(request), failure: null };
  } catch (error) {
    if (error instanceof Refused) return { value: null, failure: error.failure };
    throw error;
  }
}

if (parentPort === null) throw new Error('pod-network-worker.ts runs as a Worker only');
const port = parentPort;
port.on('message', (request: PodWorkerRequest) => {
  port.postMessage({ id: request.id, ...answer(request) } satisfies PodWorkerReply);
});
