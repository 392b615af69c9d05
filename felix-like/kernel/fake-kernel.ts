/**
 * A kernel in memory: links, addresses, routes and parameters with the rules of the real one as far as the agent
 * can tell, and handles for whatever others do to it. The contract suite runs the same cases on both.
 */
import { containsAddress, formatPrefix, parseAddress, parsePrefix } from '@manul/bgp/net';
import { FakeObjects, refusal } from './fake-objects.ts';
import type {
  KernelAddress,
  KernelEvent,
  KernelFailure,
  KernelLink,
  KernelListener,
  KernelNeighbour,
  KernelNextHop,
  KernelPort,
  KernelRoute,
  ObjectOperation,
  OperationFailure,
  RouteCursor,
  RouteFilter,
  RouteOperation,
  RouteWrites,
  SysctlOutcome,
  SysctlSetting,
} from './kernel-port.ts';
import { RouteList } from './route-list.ts';

export class FakeKernel implements KernelPort {
  /** Parameters by key; the keys of a link come and go with it. */
  readonly sysctls = new Map([
    ['net/ipv4/ip_forward', '0'],
    ['net/ipv4/conf/default/rp_filter', '0'],
    ['net/ipv6/conf/all/forwarding', '0'],
  ]);
  /** Where packets go that no route covers, as with a default route; null: nowhere. */
  uplink: number | null = null;
  hasBrokenOffload = false;
  /** What was asked for, `vxlan.calico off`. */
  readonly offloads: string[] = [];
  /** Every operation that was asked for, in order. */
  readonly operations: RouteOperation[] = [];
  /** Every route dump that was asked for. */
  readonly dumps: RouteFilter[] = [];
  /** Every operation on something else than a route that was asked for, in order. */
  readonly objectOperations: ObjectOperation[] = [];
  /** Addresses whose connections were to be forgotten, each call with the number of operations before it. */
  readonly forgotten: { readonly address: string; readonly after: number }[] = [];
  readonly #objects = new FakeObjects({
    tell: (event) => this.#tell(event),
    onLinkDown: (interfaceIndex) => this.#flushRoutes(interfaceIndex),
    onName: (name, isPresent) => this.#onName(name, isPresent),
  });
  readonly #routes = new Map<string, KernelRoute>();
  /** By prefix, or by key of a parameter. */
  readonly #refusals = new Map<string, KernelFailure>();
  readonly #objectRefusals = new Map<ObjectOperation['kind'], KernelFailure>();
  #listener: KernelListener | null = null;
  #isDeaf = false;

  async open(listener: KernelListener): Promise<void> {
    this.#listener = listener;
  }

  async dumpRoutes(filter: RouteFilter, onRoutes: (routes: readonly KernelRoute[]) => void): Promise<void> {
    this.dumps.push(filter);
    await nextTurn();
    const routes = [...this.#routes.values()].filter((route) => matches(route, filter));
    if (routes.length > 0) onRoutes(routes);
  }

  readRoutes(filter: RouteFilter, onRoutes: (routes: RouteCursor) => void): Promise<void> {
    return this.dumpRoutes(filter, (routes) => onRoutes(new RouteList(routes)));
  }

  async applyRoutes(operations: readonly RouteOperation[]): Promise<readonly OperationFailure[]> {
    this.operations.push(...operations);
    const failures = operations.flatMap((operation, index) => {
      const failure = this.#refusals.get(operation.route.prefix) ?? this.#carryOut(operation);
      return failure === null ? [] : [{ index, ...failure }];
    });
    await nextTurn();
    return failures;
  }

  writeRoutes({ operations }: RouteWrites): Promise<readonly OperationFailure[]> {
    return this.applyRoutes(operations);
  }

  /** Of several routes any: nobody asks for more than whether there is one. */
  async outgoingLink(address: string): Promise<number | null> {
    const bytes = parseAddress(address);
    for (const { prefix, target } of this.#routes.values()) {
      const covers = bytes !== null && containsAddress(parsePrefix(prefix)!, bytes);
      if (covers && target.type === 'unicast') return target.nextHops[0]?.interfaceIndex ?? null;
    }
    return this.uplink;
  }

  async forgetConnections(addresses: readonly string[]): Promise<number> {
    for (const address of addresses) this.forgotten.push({ address, after: this.operations.length });
    return 0;
  }

  async dumpLinks(): Promise<readonly KernelLink[]> {
    await nextTurn();
    return this.#objects.links();
  }

  async dumpAddresses(): Promise<readonly KernelAddress[]> {
    await nextTurn();
    return this.#objects.addresses();
  }

  async dumpNeighbours(
    table: KernelNeighbour['table'],
    interfaceIndex: number,
  ): Promise<readonly KernelNeighbour[]> {
    await nextTurn();
    return this.neighbours().filter(
      (entry) => entry.table === table && entry.interfaceIndex === interfaceIndex,
    );
  }

  async applyObjects(operations: readonly ObjectOperation[]): Promise<readonly OperationFailure[]> {
    this.objectOperations.push(...operations);
    const failures = operations.flatMap((operation, index) => {
      const failure = this.#objectRefusals.get(operation.kind) ?? this.#objects.apply(operation);
      return failure === null ? [] : [{ index, ...failure }];
    });
    await nextTurn();
    return failures;
  }

  async setChecksumOffload(interfaceName: string, isOn: boolean): Promise<KernelFailure | null> {
    const failure = this.#refusals.get(`offload of ${interfaceName}`) ?? null;
    if (failure === null) this.offloads.push(`${interfaceName} ${isOn ? 'on' : 'off'}`);
    return failure;
  }

  async readSysctl(key: string): Promise<string | null> {
    return this.sysctls.get(key) ?? null;
  }

  async writeSysctls(settings: readonly SysctlSetting[]): Promise<readonly SysctlOutcome[]> {
    return settings.map(({ key, value }) => {
      const present = this.sysctls.get(key);
      const missing = refusal('ENOENT', 'no such file or directory');
      const failure = this.#refusals.get(key) ?? (present === undefined ? missing : null);
      if (failure !== null) return { isChanged: false, failure };
      this.sysctls.set(key, value);
      return { isChanged: present !== value, failure: null };
    });
  }

  async close(): Promise<void> {
    this.#listener = null;
  }

  // What others do.

  /** @returns the index of the new link */
  addLink(
    name: string,
    options: { readonly isUp?: boolean; readonly kind?: string; readonly mtu?: number } = {},
  ): number {
    const isUp = options.isUp ?? true;
    return this.#objects.add({
      name,
      isUp,
      hasCarrier: isUp,
      isLoopback: name === 'lo',
      kind: options.kind ?? 'veth',
      mtu: options.mtu ?? 1500,
      mac: name === 'lo' ? null : '02:00:00:00:00:01',
      vxlan: null,
    });
  }

  /** Down takes the routes over the link along: those of IPv6 with an event each, those of IPv4 without. */
  setLinkUp(name: string, isUp: boolean): void {
    this.#objects.put({ ...this.#objects.link(name), isUp, hasCarrier: isUp });
  }

  renameLink(name: string, newName: string): void {
    this.#objects.put({ ...this.#objects.link(name), name: newName });
  }

  setMtu(name: string, mtu: number): void {
    this.#objects.put({ ...this.#objects.link(name), mtu });
  }

  removeLink(name: string): void {
    this.#objects.remove(name);
  }

  /** @param prefix the address with the length of its subnet, `10.0.0.1/24` */
  addAddress(name: string, prefix: string): void {
    const subnet = parsePrefix(prefix, { mask: true });
    if (subnet === null) throw new RangeError(`not a prefix: ${prefix}`);
    const interfaceIndex = this.#objects.link(name).index;
    const address = prefix.split('/')[0]!;
    this.#objects.addAddress({ interfaceIndex, address, subnet: formatPrefix(subnet) });
  }

  removeAddress(text: string): void {
    const address = this.#objects.addresses().find((entry) => entry.address === text);
    if (address === undefined) throw new RangeError(`no such address: ${text}`);
    this.#objects.removeAddress(address);
  }

  link(name: string): KernelLink | undefined {
    return this.#objects.links().find((link) => link.name === name);
  }

  /** Addresses on a link, with the length of their subnets. */
  addressesOf(name: string): readonly string[] {
    const { index } = this.#objects.link(name);
    const own = this.#objects.addresses().filter(({ interfaceIndex }) => interfaceIndex === index);
    return own.map(({ address, subnet }) => `${address}/${subnet.split('/')[1]}`);
  }

  neighbours(): readonly KernelNeighbour[] {
    return this.#objects.neighbours();
  }

  /** Someone else makes or deletes an entry. */
  changeNeighbour(op: 'put' | 'delete', neighbour: KernelNeighbour): void {
    const failure = this.#objects.apply({ kind: 'neighbour', op, neighbour });
    if (failure !== null) throw new RangeError(failure.text);
  }

  /** Links of this kind cannot be made any more, as without their kernel module. */
  removeModule(kind: string): void {
    this.#objects.missingModules.add(kind);
  }

  /** As `modprobe`. */
  addModule(kind: string): void {
    this.#objects.missingModules.delete(kind);
  }

  /** Someone else installs a route, over whatever has its key. */
  putRoute(route: KernelRoute): void {
    this.#routes.set(keyOf(route), route);
    this.#tell({ kind: 'route', isDeleted: false, route });
  }

  /** Someone else deletes the route with this key. */
  deleteRoute(key: Pick<KernelRoute, 'table' | 'prefix' | 'metric'>): void {
    const route = this.#routes.get(keyOf(key));
    if (route === undefined) throw new RangeError(`no such route: ${keyOf(key)}`);
    this.#routes.delete(keyOf(key));
    this.#tell({ kind: 'route', isDeleted: true, route });
  }

  routes(): readonly KernelRoute[] {
    return [...this.#routes.values()];
  }

  route(prefix: string): KernelRoute | undefined {
    return this.routes().find((route) => route.prefix === prefix);
  }

  /** Refuses every operation on `prefix` from now on; null: no more. */
  refuse(prefix: string, failure: KernelFailure | null): void {
    if (failure === null) this.#refusals.delete(prefix);
    else this.#refusals.set(prefix, failure);
  }

  /** Refuses every operation on a kind of object from now on; null: no more. */
  refuseObjects(kind: ObjectOperation['kind'], failure: KernelFailure | null): void {
    if (failure === null) this.#objectRefusals.delete(kind);
    else this.#objectRefusals.set(kind, failure);
  }

  /** Refuses to set a parameter from now on; null: no more. */
  refuseSysctl(key: string, failure: KernelFailure | null): void {
    this.refuse(key, failure);
  }

  /** Events until `announceLoss` are lost. */
  loseEvents(): void {
    this.#isDeaf = true;
  }

  announceLoss(): void {
    this.#isDeaf = false;
    queueMicrotask(() => this.#listener?.onEventsLost());
  }

  #carryOut({ op, route }: RouteOperation): KernelFailure | null {
    const key = keyOf(route);
    const present = this.#routes.get(key);
    if (op === 'delete') {
      if (present?.target.protocol !== route.target.protocol) return refusal('ESRCH', 'no such route');
      this.#routes.delete(key);
      return null;
    }
    if (op === 'add' && present !== undefined) return refusal('EEXIST', 'the route exists');
    for (const nextHop of route.target.nextHops) {
      const failure = this.#judge(nextHop);
      if (failure !== null) return failure;
    }
    this.#routes.set(key, route);
    return null;
  }

  #judge({ gateway, interfaceIndex, onlink }: KernelNextHop): KernelFailure | null {
    const links = this.#objects.links();
    const link = links.find((entry) => entry.index === interfaceIndex);
    if (gateway === null || onlink) {
      if (link === undefined) return refusal('ENODEV', 'no such interface');
      return link.isUp ? null : refusal('ENETDOWN', 'the interface is down');
    }
    const address = parseAddress(gateway);
    const isReachable = this.#objects.addresses().some((entry) => {
      if (interfaceIndex !== null && entry.interfaceIndex !== interfaceIndex) return false;
      const isUp = links.some((other) => other.index === entry.interfaceIndex && other.isUp);
      const subnet = parsePrefix(entry.subnet);
      return isUp && subnet !== null && address !== null && containsAddress(subnet, address);
    });
    return isReachable ? null : refusal('ENETUNREACH', 'Nexthop has invalid gateway');
  }

  #flushRoutes(interfaceIndex: number): void {
    for (const [key, route] of this.#routes) {
      if (!route.target.nextHops.some((nextHop) => nextHop.interfaceIndex === interfaceIndex)) continue;
      this.#routes.delete(key);
      if (isIpv6(route.prefix)) this.#tell({ kind: 'route', isDeleted: true, route });
    }
  }

  #onName(name: string, isPresent: boolean): void {
    for (const key of linkSysctls(name)) {
      if (isPresent) this.sysctls.set(key, '0');
      else this.sysctls.delete(key);
    }
  }

  #tell(event: KernelEvent): void {
    if (this.#isDeaf) return;
    queueMicrotask(() => this.#listener?.onEvents([event]));
  }
}

function keyOf({ table, prefix, metric }: Pick<KernelRoute, 'table' | 'prefix' | 'metric'>): string {
  return `${table} ${prefix} ${metric}`;
}

function matches(route: KernelRoute, { family, table, protocol, interfaceIndex }: RouteFilter): boolean {
  if (isIpv6(route.prefix) !== (family === 'ipv6') || route.table !== table) return false;
  if (protocol !== null && route.target.protocol !== protocol) return false;
  if (interfaceIndex === null) return true;
  return route.target.nextHops.some((nextHop) => nextHop.interfaceIndex === interfaceIndex);
}

function isIpv6(text: string): boolean {
  return text.includes(':');
}

function linkSysctls(name: string): readonly string[] {
  const ipv4 = ['proxy_arp', 'route_localnet', 'forwarding', 'rp_filter'];
  const ipv6 = ['proxy_ndp', 'forwarding', 'accept_ra'];
  return [
    ...ipv4.map((leaf) => `net/ipv4/conf/${name}/${leaf}`),
    ...ipv6.map((leaf) => `net/ipv6/conf/${name}/${leaf}`),
    `net/ipv4/neigh/${name}/proxy_delay`,
  ];
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
