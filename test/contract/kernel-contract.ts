/** What every kernel port must do: run against the fake kernel and, in a namespace of its own, the real one. */
import type {
  KernelEvent,
  KernelLink,
  KernelListener,
  KernelPort,
  KernelRoute,
  ObjectOperation,
  RouteFilter,
  RouteOperation,
} from '../../felix-like/kernel/kernel-port.ts';
import {
  blackholeRoute,
  gatewayRoute,
  linkRoute,
  nextHop,
  ofProtocol,
  route,
} from '../felix-like/support/routes.ts';

/** A kernel, and the hands of others on it. */
export interface KernelWorld {
  readonly kernel: KernelPort;
  /** A link that is up and has carrier. @returns its index */
  addLink(name: string): number;
  setLinkUp(name: string, isUp: boolean): void;
  removeLink(name: string): void;
  addAddress(name: string, prefix: string): void;
  removeAddress(name: string, prefix: string): void;
  putRoute(route: KernelRoute): void;
  deleteRoute(route: KernelRoute): void;
  close(): Promise<void>;
}

const DEADLINE_MS = 10_000;

/** Collects events, and lets a test wait for one. */
class EventRecorder implements KernelListener {
  readonly events: KernelEvent[] = [];
  #onEvent: () => void = () => {};

  onEvents(events: readonly KernelEvent[]): void {
    this.events.push(...events);
    this.#onEvent();
  }

  onEventsLost(): void {}

  onBroken(text: string): void {
    throw new Error(text);
  }

  /** The first event, past or to come, for which `isWanted` holds. */
  find<Kind extends KernelEvent['kind']>(
    kind: Kind,
    isWanted: (event: Extract<KernelEvent, { kind: Kind }>) => boolean,
  ): Promise<Extract<KernelEvent, { kind: Kind }>> {
    const ofKind = (event: KernelEvent): event is Extract<KernelEvent, { kind: Kind }> => event.kind === kind;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no such ${kind} event`)), DEADLINE_MS);
      this.#onEvent = () => {
        const event = this.events.filter(ofKind).find(isWanted);
        if (event === undefined) return;
        clearTimeout(timer);
        resolve(event);
      };
      this.#onEvent();
    });
  }
}

export function kernelContract(newWorld: () => Promise<KernelWorld>): void {
  let world: KernelWorld;
  let kernel: KernelPort;
  let recorder: EventRecorder;
  let link: number;

  beforeEach(async () => {
    world = await newWorld();
    kernel = world.kernel;
    link = world.addLink('eth0');
    world.addAddress('eth0', '10.0.0.1/24');
    world.addAddress('eth0', 'fd99::1/64');
    recorder = new EventRecorder();
    await kernel.open(recorder);
  });

  afterEach(async () => {
    await kernel.close();
    await world.close();
  });

  async function dump(filter: Partial<RouteFilter> = {}): Promise<KernelRoute[]> {
    const routes: KernelRoute[] = [];
    const complete = { family: 'ipv4', table: 254, protocol: 80, interfaceIndex: null, ...filter } as const;
    await kernel.dumpRoutes(complete, (part) => routes.push(...part));
    const read: KernelRoute[] = [];
    await kernel.readRoutes(complete, (part) => {
      while (part.next()) {
        const { key, metric, target } = part;
        read.push({ table: complete.table, prefix: key.text(), metric, target });
      }
    });
    expect(read).toEqual(routes);
    return routes.sort((a, b) => a.prefix.localeCompare(b.prefix));
  }

  async function codes(...operations: RouteOperation[]): Promise<Record<number, string>> {
    const failures = await kernel.applyRoutes(operations);
    for (const { text, code } of failures) expect(text).toContain(code);
    return Object.fromEntries(failures.map(({ index, code }) => [index, code]));
  }

  const add = (added: KernelRoute): RouteOperation => ({ op: 'add', route: added });
  const replace = (replaced: KernelRoute): RouteOperation => ({ op: 'replace', route: replaced });
  const remove = (removed: KernelRoute): RouteOperation => ({ op: 'delete', route: removed });

  test('links are listed with their state', async () => {
    world.addLink('cali1');
    world.setLinkUp('cali1', false);
    const links = await kernel.dumpLinks();
    expect(links).toContainEqual({
      index: link,
      name: 'eth0',
      isUp: true,
      hasCarrier: true,
      isLoopback: false,
      kind: 'veth',
      mtu: 1500,
      mac: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/) as string,
      vxlan: null,
    });
    expect(links.find(({ name }) => name === 'cali1')).toMatchObject({ isUp: false, hasCarrier: false });
  });

  test('addresses are listed with the subnet that is on their link', async () => {
    const addresses = await kernel.dumpAddresses();
    expect(addresses).toContainEqual({ interfaceIndex: link, address: '10.0.0.1', subnet: '10.0.0.0/24' });
    expect(addresses).toContainEqual({ interfaceIndex: link, address: 'fd99::1', subnet: 'fd99::/64' });
  });

  test('routes of every shape come back as they were written', async () => {
    const ipv4 = [
      gatewayRoute('10.1.0.0/26', '10.0.0.2', link),
      linkRoute('10.2.0.5/32', link),
      blackholeRoute('10.3.0.0/26'),
      route('10.4.0.0/26', { nextHops: [nextHop('10.9.0.1', link, { onlink: true })] }),
      route('10.5.0.0/26', {
        nextHops: [nextHop('10.0.0.2', link, { weight: 2 }), nextHop('10.0.0.3', link)],
      }),
      gatewayRoute('10.6.0.0/26', 'fd99::2', link),
      route('10.7.0.5/32', { scope: 'link', source: '10.0.0.1', nextHops: [nextHop(null, link)] }),
    ];
    const ipv6 = [
      gatewayRoute('fd00:1::/64', 'fd99::2', link),
      blackholeRoute('fd00:3::/64'),
      route('fd00:4::5/128', { source: 'fd99::1', nextHops: [nextHop(null, link)] }),
    ];
    expect(await codes(...[...ipv4, ...ipv6].map(add))).toEqual({});
    expect(await dump()).toEqual(ipv4);
    expect(await dump({ family: 'ipv6' })).toEqual(ipv6);
  });

  test('an addition takes no key from anyone', async () => {
    const foreign = ofProtocol(4, gatewayRoute('10.1.0.0/26', '10.0.0.2', link));
    world.putRoute(foreign);
    expect(await codes(add(blackholeRoute('10.1.0.0/26')))).toEqual({ 0: 'EEXIST' });
    expect(await dump({ protocol: 4 })).toEqual([foreign]);
    expect(await dump()).toEqual([]);
  });

  test('a replacement takes the key from whoever holds it', async () => {
    world.putRoute(ofProtocol(4, gatewayRoute('10.1.0.0/26', '10.0.0.2', link)));
    expect(await codes(replace(blackholeRoute('10.1.0.0/26')))).toEqual({});
    expect(await dump({ protocol: 4 })).toEqual([]);
    expect(await dump()).toEqual([blackholeRoute('10.1.0.0/26')]);
  });

  test('a deletion removes our route whatever its target is', async () => {
    await codes(add(gatewayRoute('10.1.0.0/26', '10.0.0.2', link)), add(blackholeRoute('fd00:1::/64')));
    const other = gatewayRoute('fd00:1::/64', 'fd99::9', link);
    expect(await codes(remove(blackholeRoute('10.1.0.0/26')), remove(other))).toEqual({});
    expect(await dump()).toEqual([]);
    expect(await dump({ family: 'ipv6' })).toEqual([]);
  });

  test('a deletion spares the route of another protocol', async () => {
    const foreign = ofProtocol(4, gatewayRoute('10.1.0.0/26', '10.0.0.2', link));
    world.putRoute(foreign);
    expect(await codes(remove(gatewayRoute('10.1.0.0/26', '10.0.0.2', link)))).toEqual({ 0: 'ESRCH' });
    expect(await dump({ protocol: 4 })).toEqual([foreign]);
  });

  test('the rest of a batch is carried out when some of it fails', async () => {
    world.addLink('cali1');
    world.setLinkUp('cali1', false);
    const [down] = (await kernel.dumpLinks()).filter(({ name }) => name === 'cali1');
    const failures = await codes(
      add(blackholeRoute('10.1.0.0/26')),
      add(linkRoute('10.2.0.1/32', 4711)),
      add(linkRoute('10.2.0.2/32', down!.index)),
      add(blackholeRoute('10.1.1.0/26')),
      add(gatewayRoute('10.1.2.0/26', '192.0.2.1', link)),
      remove(blackholeRoute('10.1.3.0/26')),
      add(blackholeRoute('10.1.4.0/26')),
    );
    expect(failures).toEqual({ 1: 'ENODEV', 2: 'ENETDOWN', 4: 'ENETUNREACH', 5: 'ESRCH' });
    expect((await dump()).map(({ prefix }) => prefix)).toEqual(['10.1.0.0/26', '10.1.1.0/26', '10.1.4.0/26']);
  });

  test('the metric is part of the key', async () => {
    const first = blackholeRoute('10.1.0.0/26');
    expect(await codes(add(first), add({ ...first, metric: 512 }))).toEqual({});
    expect(await codes(remove({ ...first, metric: 512 }))).toEqual({});
    expect(await dump()).toEqual([first]);
  });

  test('a dump holds only what its filter lets through', async () => {
    const other = world.addLink('cali1');
    const ours = [
      blackholeRoute('10.1.0.0/26'),
      linkRoute('10.2.0.1/32', link),
      linkRoute('10.2.0.2/32', other),
    ];
    await codes(...ours.map(add));
    world.putRoute(ofProtocol(4, blackholeRoute('10.3.0.0/26')));
    expect(await dump({ interfaceIndex: other })).toEqual([linkRoute('10.2.0.2/32', other)]);
    expect(await dump({ interfaceIndex: 4711 })).toEqual([]);
    expect(await dump({ table: 4711 })).toEqual([]);
    expect((await dump({ protocol: null })).map(({ prefix }) => prefix)).toEqual(
      expect.arrayContaining(['10.1.0.0/26', '10.3.0.0/26']),
    );
  });

  test('changes that others make to routes are told, and our own are not', async () => {
    const ours = blackholeRoute('10.1.0.0/26');
    await codes(add(ours), add(blackholeRoute('fd00:1::/64')));
    world.deleteRoute(ours);
    const foreign = ofProtocol(4, gatewayRoute('10.1.0.0/26', '10.0.0.2', link));
    world.putRoute(foreign);
    await recorder.find('route', (event) => !event.isDeleted && event.route.prefix === '10.1.0.0/26');
    const told = recorder.events.filter((event) => event.kind === 'route' && event.route.table === 254);
    expect(told).toEqual([
      { kind: 'route', isDeleted: true, route: ours },
      { kind: 'route', isDeleted: false, route: foreign },
    ]);
  });

  test('a link that goes down takes its IPv4 routes along without a word', async () => {
    await codes(add(linkRoute('10.2.0.5/32', link)), add(blackholeRoute('10.3.0.0/26')));
    world.setLinkUp('eth0', false);
    const event = await recorder.find('link', ({ link: { name, isUp } }) => name === 'eth0' && !isUp);
    expect(event).toMatchObject({ isDeleted: false, link: { index: link } });
    expect(await dump()).toEqual([blackholeRoute('10.3.0.0/26')]);
    const about = (told: KernelEvent): boolean =>
      told.kind === 'route' && told.route.prefix === '10.2.0.5/32';
    expect(recorder.events.filter(about)).toEqual([]);
  });

  test('links that come and go are told', async () => {
    const index = world.addLink('cali1');
    await recorder.find('link', (event) => event.link.name === 'cali1' && event.link.isUp);
    world.removeLink('cali1');
    const gone = await recorder.find('link', ({ isDeleted }) => isDeleted);
    expect(gone.link).toMatchObject({ name: 'cali1', index });
  });

  test('addresses that come and go are told', async () => {
    const address = { interfaceIndex: link, address: '10.7.0.1', subnet: '10.7.0.0/16' };
    world.addAddress('eth0', '10.7.0.1/16');
    const come = await recorder.find('address', (event) => event.address.address === '10.7.0.1');
    expect(come).toEqual({ kind: 'address', isDeleted: false, address });
    world.removeAddress('eth0', '10.7.0.1/16');
    expect(await recorder.find('address', ({ isDeleted }) => isDeleted)).toMatchObject({ address });
  });

  describe('objects', () => {
    const VXLAN = { vni: 4096, port: 4789, local: '10.0.0.1', isLearning: false };
    const MAC = '66:a8:6f:cf:1c:56';

    async function objectCodes(...operations: ObjectOperation[]): Promise<Record<number, string>> {
      const failures = await kernel.applyObjects(operations);
      for (const { text, code } of failures) expect(text).toContain(code);
      return Object.fromEntries(failures.map(({ index, code }) => [index, code]));
    }

    async function linkNamed(name: string): Promise<KernelLink> {
      const found = (await kernel.dumpLinks()).find((candidate) => candidate.name === name);
      if (found === undefined) throw new Error(`no link ${name}`);
      return found;
    }

    async function makeVxlan(name = 'vxlan.calico'): Promise<KernelLink> {
      const vxlan = { ...VXLAN, parentIndex: link };
      const made = { kind: 'vxlan', name, mtu: 1450, mac: MAC, vxlan } as const;
      expect(await objectCodes({ kind: 'link', op: 'create', link: made })).toEqual({});
      return linkNamed(name);
    }

    test('a VXLAN device comes back as it was made, down at first', async () => {
      expect(await makeVxlan()).toEqual({
        index: expect.any(Number) as number,
        name: 'vxlan.calico',
        isUp: false,
        hasCarrier: false,
        isLoopback: false,
        kind: 'vxlan',
        mtu: 1450,
        mac: MAC,
        vxlan: { ...VXLAN, parentIndex: link },
      });
    });

    test('a VXLAN device over IPv6 keeps its own address', async () => {
      const vxlan = { ...VXLAN, local: 'fd99::1', parentIndex: link };
      const made = { kind: 'vxlan', name: 'vxlan-v6.calico', mtu: null, mac: MAC, vxlan } as const;
      expect(await objectCodes({ kind: 'link', op: 'create', link: made })).toEqual({});
      expect((await linkNamed('vxlan-v6.calico')).vxlan).toEqual(vxlan);
    });

    test('a link is changed in place, and told', async () => {
      const { index: interfaceIndex } = await makeVxlan();
      const change = { isUp: true, mtu: 1400, mac: '66:00:00:00:00:01' };
      expect(await objectCodes({ kind: 'link', op: 'change', interfaceIndex, change })).toEqual({});
      expect(await linkNamed('vxlan.calico')).toMatchObject(change);
      const { link: told } = await recorder.find(
        'link',
        (event) => event.link.mtu === 1400 && event.link.isUp,
      );
      expect(told.index).toBe(interfaceIndex);
    });

    test('a link is renamed', async () => {
      const { index: interfaceIndex } = await makeVxlan();
      const change = { name: 'other' };
      expect(await objectCodes({ kind: 'link', op: 'change', interfaceIndex, change })).toEqual({});
      expect((await linkNamed('other')).index).toBe(interfaceIndex);
    });

    test('a veth pair has the names and addresses that were asked for', async () => {
      const peer = { name: 'pod0', mac: MAC, mtu: 1400, networkNamespace: null };
      const made = { kind: 'veth', name: 'cali7', mtu: 1400, mac: 'ee:ee:ee:ee:ee:ee', peer } as const;
      expect(await objectCodes({ kind: 'link', op: 'create', link: made })).toEqual({});
      expect(await linkNamed('cali7')).toMatchObject({ kind: 'veth', mtu: 1400, mac: 'ee:ee:ee:ee:ee:ee' });
      expect(await linkNamed('pod0')).toMatchObject({ kind: 'veth', mtu: 1400, mac: MAC });
    });

    test('a link is made once and deleted once', async () => {
      const { index: interfaceIndex } = await makeVxlan();
      const vxlan = { ...VXLAN, parentIndex: link };
      const again = { kind: 'vxlan', name: 'vxlan.calico', mtu: 1450, mac: MAC, vxlan } as const;
      expect(await objectCodes({ kind: 'link', op: 'create', link: again })).toEqual({ 0: 'EEXIST' });
      expect(await objectCodes({ kind: 'link', op: 'delete', interfaceIndex })).toEqual({});
      expect(await objectCodes({ kind: 'link', op: 'delete', interfaceIndex })).toEqual({ 0: 'ENODEV' });
    });

    test('addresses are added and deleted, each once', async () => {
      const host = { interfaceIndex: link, address: '10.65.0.1', subnet: '10.65.0.1/32' };
      const wide = { interfaceIndex: link, address: 'fd65::1', subnet: 'fd65::/64' };
      for (const address of [host, wide]) {
        expect(await objectCodes({ kind: 'address', op: 'add', address })).toEqual({});
        expect(await kernel.dumpAddresses()).toContainEqual(address);
        expect(await objectCodes({ kind: 'address', op: 'add', address })).toEqual({ 0: 'EEXIST' });
        expect(await objectCodes({ kind: 'address', op: 'delete', address })).toEqual({});
        expect(await kernel.dumpAddresses()).not.toContainEqual(address);
        expect(await objectCodes({ kind: 'address', op: 'delete', address })).toEqual({ 0: 'EADDRNOTAVAIL' });
      }
    });

    test.each(['10.65.1.1', 'fd65::1'])(
      'a neighbour entry of %s is put, changed, told and deleted',
      async (address) => {
        const entry = { table: 'ip', interfaceIndex: link, address, mac: MAC, isPermanent: true } as const;
        expect(await objectCodes({ kind: 'neighbour', op: 'put', neighbour: entry })).toEqual({});
        expect(await kernel.dumpNeighbours('ip', link)).toContainEqual(entry);
        const other = { ...entry, mac: '66:00:00:00:00:02' };
        expect(await objectCodes({ kind: 'neighbour', op: 'put', neighbour: other })).toEqual({});
        expect(await kernel.dumpNeighbours('ip', link)).toContainEqual(other);
        expect(await objectCodes({ kind: 'neighbour', op: 'delete', neighbour: other })).toEqual({});
        expect((await kernel.dumpNeighbours('ip', link)).filter((found) => found.isPermanent)).toEqual([]);
        const gone = await recorder.find('neighbour', ({ isDeleted }) => isDeleted);
        expect(gone.neighbour).toMatchObject({ table: 'ip', interfaceIndex: link, address });
      },
    );

    test('an entry of the forwarding database is put, moved, told and deleted', async () => {
      const { index: interfaceIndex } = await makeVxlan();
      const entry = {
        table: 'fdb',
        interfaceIndex,
        address: '10.0.0.2',
        mac: '66:00:00:00:00:03',
        isPermanent: true,
      } as const;
      expect(await objectCodes({ kind: 'neighbour', op: 'put', neighbour: entry })).toEqual({});
      expect(await kernel.dumpNeighbours('fdb', interfaceIndex)).toEqual([entry]);
      const moved = { ...entry, address: '10.0.0.3' };
      expect(await objectCodes({ kind: 'neighbour', op: 'put', neighbour: moved })).toEqual({});
      expect(await kernel.dumpNeighbours('fdb', interfaceIndex)).toEqual([moved]);
      expect(await objectCodes({ kind: 'neighbour', op: 'delete', neighbour: moved })).toEqual({});
      expect(await kernel.dumpNeighbours('fdb', interfaceIndex)).toEqual([]);
      const gone = await recorder.find('neighbour', ({ isDeleted }) => isDeleted);
      expect(gone.neighbour).toMatchObject({ table: 'fdb', interfaceIndex, mac: moved.mac });
    });

    test('a neighbour on no link is refused, and the rest is done', async () => {
      const entry = { table: 'ip', address: '10.65.1.1', mac: MAC, isPermanent: true } as const;
      const failures = await objectCodes(
        { kind: 'neighbour', op: 'put', neighbour: { ...entry, interfaceIndex: 4711 } },
        { kind: 'neighbour', op: 'put', neighbour: { ...entry, interfaceIndex: link } },
        {
          kind: 'neighbour',
          op: 'delete',
          neighbour: { ...entry, interfaceIndex: link, address: '10.65.1.2' },
        },
      );
      expect(failures).toEqual({ 0: 'ENODEV', 2: 'ENOENT' });
      expect(await kernel.dumpNeighbours('ip', link)).toContainEqual({ ...entry, interfaceIndex: link });
    });
  });

  test('parameters are read, and written where they differ', async () => {
    const key = 'net/ipv4/conf/eth0/proxy_arp';
    expect(await kernel.readSysctl(key)).toBe('0');
    expect(await kernel.writeSysctls([{ key, value: '1' }])).toEqual([{ isChanged: true, failure: null }]);
    expect(await kernel.readSysctl(key)).toBe('1');
    expect(await kernel.writeSysctls([{ key, value: '1' }])).toEqual([{ isChanged: false, failure: null }]);
  });

  test('a parameter that does not exist is an outcome, not an exception', async () => {
    const key = 'net/ipv4/conf/nothere/proxy_arp';
    expect(await kernel.readSysctl(key)).toBeNull();
    const outcomes = await kernel.writeSysctls([
      { key, value: '1' },
      { key: 'net/ipv4/conf/eth0/proxy_arp', value: '1' },
    ]);
    expect(outcomes).toEqual([
      { isChanged: false, failure: { code: 'ENOENT', text: expect.stringContaining('ENOENT') as string } },
      { isChanged: true, failure: null },
    ]);
  });

  test('what was written stays when the port is closed, and a fresh one finds it', async () => {
    await codes(add(blackholeRoute('10.1.0.0/26')));
    await kernel.close();
    await kernel.open(recorder);
    expect(await dump()).toEqual([blackholeRoute('10.1.0.0/26')]);
  });
}
