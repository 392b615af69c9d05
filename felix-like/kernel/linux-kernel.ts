/** The kernel port over netlink: encodes requests, decodes what comes back; the sockets live in a Worker. */
import { release } from 'node:os';
import { hasBrokenOffload } from './checksum-offload.ts';
import { type EncodeOperation, encodeRequest } from './encode-request.ts';
import type {
  KernelAddress,
  KernelEvent,
  KernelFailure,
  KernelLink,
  KernelListener,
  KernelNeighbour,
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
import { decodeAddress, encodeAddressDump } from './netlink/address-message.ts';
import { MessageType } from './netlink/constants.ts';
import { decodeLink, encodeLinkDump } from './netlink/link-message.ts';
import { MessageReader } from './netlink/message-reader.ts';
import { MessageWriter } from './netlink/message-writer.ts';
import { decodeNeighbour, encodeNeighbourDump } from './netlink/neighbour-message.ts';
import { decodeParameters } from './netlink/parameter-message.ts';
import { RouteDumpCursor } from './netlink/route-cursor.ts';
import { decodeRoute } from './netlink/route-decode.ts';
import { decodeOutgoingLink, encodeRouteDump, encodeRouteLookup } from './netlink/route-query.ts';
import { encodeRouteOperation, RouteWriteEncoder } from './netlink/route-write.ts';
import { ObjectBatch } from './object-batch.ts';
import { SharedBuffers } from './shared-buffers.ts';
import { SYSCTL_FOLDER } from './sysctl-files.ts';
import { WorkerClient } from './worker-client.ts';

const EVENT_BUFFER_BYTES = 8 << 20;
/** Of one operation; few take more. */
const REQUEST_BYTES = 96;
/** A deletion in a table that nobody uses: it takes its turn among all who write, and changes nothing. */
const PROBE: RouteOperation = {
  op: 'delete',
  route: {
    table: 0xfffffffd,
    prefix: '0.0.0.0/0',
    metric: 0,
    target: { type: 'unicast', protocol: 0, scope: 'universe', nextHops: [] },
  },
};
/** A dump of what this kernel does not have at all: no such table, link or address family. */
const EMPTY_DUMP_CODES: readonly string[] = ['ENOENT', 'ENODEV', 'EOPNOTSUPP', 'EAFNOSUPPORT'];

export interface LinuxKernelOptions {
  /** File of the network namespace to work in (`/run/netns/NAME`); default: that of the process. */
  readonly networkNamespace?: string;
  /** Where kernel parameters can be written; default: `/proc/sys`. */
  readonly sysctlFolder?: string;
  /** Memory for events that wait to be read. Too little of it costs resyncs, and loses nothing. Default: 8 MiB. */
  readonly eventBufferBytes?: number;
}

/** The kernel of this machine. Nothing is opened before `open`. */
export function createLinuxKernel(options: LinuxKernelOptions = {}): KernelPort {
  return new LinuxKernel(options);
}

class LinuxKernel implements KernelPort {
  readonly hasBrokenOffload = hasBrokenOffload(release());
  readonly #options: LinuxKernelOptions;
  #client: WorkerClient | null = null;
  readonly #encoder = new RouteWriteEncoder();
  readonly #buffers = new SharedBuffers();
  #sequence = 0;

  constructor(options: LinuxKernelOptions) {
    this.#options = options;
  }

  async open(listener: KernelListener): Promise<void> {
    const client = new WorkerClient(
      {
        networkNamespace: this.#options.networkNamespace ?? null,
        sysctlFolder: this.#options.sysctlFolder ?? SYSCTL_FOLDER,
        eventBufferBytes: this.#options.eventBufferBytes ?? EVENT_BUFFER_BYTES,
      },
      {
        onEvents: (messages) => {
          const events = decodeEvents(messages);
          if (events.length > 0) listener.onEvents(events);
        },
        onEventsLost: () => listener.onEventsLost(),
        onNftablesChanged: () => listener.onEvents([{ kind: 'nftables' }]),
        onBroken: (text) => listener.onBroken(text),
      },
    );
    await client.start();
    this.#client = client;
    try {
      await this.#requireWritePermission();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async dumpRoutes(filter: RouteFilter, onRoutes: (routes: readonly KernelRoute[]) => void): Promise<void> {
    const isWanted = wantedBy(filter);
    await this.#dumpRoutes(filter, (messages) => {
      const wanted = decodeAll(messages, MessageType.NewRoute, decodeRoute).filter(isWanted);
      if (wanted.length > 0) onRoutes(wanted);
    });
  }

  async readRoutes(filter: RouteFilter, onRoutes: (routes: RouteCursor) => void): Promise<void> {
    const cursor = new RouteDumpCursor(wantedBy(filter));
    await this.#dumpRoutes(filter, (messages) => {
      cursor.reset(messages);
      onRoutes(cursor);
    });
  }

  applyRoutes(operations: readonly RouteOperation[]): Promise<readonly OperationFailure[]> {
    return this.#send(operations.length, (writer, i, sequence, wantsAck) => {
      encodeRouteOperation(writer, operations[i]!, sequence, wantsAck);
    });
  }

  writeRoutes(writes: RouteWrites): Promise<readonly OperationFailure[]> {
    return this.#send(writes.length, (writer, i, sequence, wantsAck) => {
      this.#encoder.encode(writer, writes, i, sequence, wantsAck);
    });
  }

  async dumpLinks(): Promise<readonly KernelLink[]> {
    const links: KernelLink[] = [];
    await this.#dump(encodeLinkDump, MessageType.NewLink, decodeLink, (part) => links.push(...part));
    return links;
  }

  async dumpAddresses(): Promise<readonly KernelAddress[]> {
    const addresses: KernelAddress[] = [];
    await this.#dump(encodeAddressDump, MessageType.NewAddr, decodeAddress, (part) =>
      addresses.push(...part),
    );
    return addresses;
  }

  async dumpNeighbours(
    table: KernelNeighbour['table'],
    interfaceIndex: number,
  ): Promise<readonly KernelNeighbour[]> {
    const neighbours: KernelNeighbour[] = [];
    const isWanted = (entry: KernelNeighbour): boolean =>
      entry.table === table && entry.interfaceIndex === interfaceIndex;
    await this.#dump(
      (writer, sequence) => encodeNeighbourDump(writer, table, interfaceIndex, sequence),
      MessageType.NewNeighbour,
      decodeNeighbour,
      (part) => neighbours.push(...part.filter(isWanted)),
    );
    return neighbours;
  }

  async applyObjects(operations: readonly ObjectOperation[]): Promise<readonly OperationFailure[]> {
    const batch = new ObjectBatch(operations);
    try {
      const failures = await this.#send(operations.length, (writer, i, sequence, wantsAck) =>
        batch.encode(writer, i, sequence, wantsAck),
      );
      return batch.explain(failures);
    } finally {
      batch.close();
    }
  }

  async outgoingLink(address: string): Promise<number | null> {
    let link: number | null = null;
    try {
      await this.#dump(
        (writer, sequence) => encodeRouteLookup(writer, address, sequence),
        MessageType.NewRoute,
        decodeOutgoingLink,
        ([found]) => {
          if (found !== undefined) link = found;
        },
      );
    } catch {
      return null; // unreachable, by a route that says so or by none
    }
    return link;
  }

  async forgetConnections(addresses: readonly string[]): Promise<number> {
    const request = { kind: 'forgetConnections', addresses } as const;
    const { deleted, failure } = await this.#require().request('forgotten', request);
    if (failure !== null) throw new Error(`connections cannot be forgotten: ${failure.text}`);
    return deleted;
  }

  async setChecksumOffload(interfaceName: string, isOn: boolean): Promise<KernelFailure | null> {
    const request = { kind: 'setChecksumOffload', interfaceName, isOn } as const;
    return (await this.#require().request('offloadSet', request)).failure;
  }

  async readSysctl(key: string): Promise<string | null> {
    return (await this.#require().request('sysctl', { kind: 'readSysctl', key })).value;
  }

  async writeSysctls(settings: readonly SysctlSetting[]): Promise<readonly SysctlOutcome[]> {
    return (await this.#require().request('sysctls', { kind: 'writeSysctls', settings })).outcomes;
  }

  async close(): Promise<void> {
    await this.#client?.close();
    this.#client = null;
  }

  /** All of them as one request, whatever their number: what the answer says is then older than every later event. */
  async #send(count: number, encode: EncodeOperation): Promise<readonly OperationFailure[]> {
    if (count === 0) return [];
    const firstSequence = this.#sequence + 1;
    const room = this.#buffers.take(count * REQUEST_BYTES);
    const request = encodeRequest(count, firstSequence, room.subarray(0, count * REQUEST_BYTES), encode);
    this.#sequence = (firstSequence + count) & 0x7fffffff;
    const { failures } = await this.#require().request('sent', { kind: 'send', ...request });
    this.#buffers.giveBack(room);
    return failures.map(({ index, failure }) => ({ index, ...failure }));
  }

  async #dumpRoutes(filter: RouteFilter, onMessages: (messages: Uint8Array) => void): Promise<void> {
    await this.#awaitLinkChanges();
    await this.#dumpMessages((writer, sequence) => encodeRouteDump(writer, filter, sequence), onMessages);
  }

  #dump<Value>(
    encode: (writer: MessageWriter, sequence: number) => void,
    type: number,
    decode: (message: MessageReader) => Value | null,
    onValues: (values: Value[]) => void,
  ): Promise<void> {
    return this.#dumpMessages(encode, (messages) => onValues(decodeAll(messages, type, decode)));
  }

  async #dumpMessages(
    encode: (writer: MessageWriter, sequence: number) => void,
    onMessages: (messages: Uint8Array) => void,
  ): Promise<void> {
    this.#sequence = (this.#sequence + 1) & 0x7fffffff;
    const writer = new MessageWriter();
    encode(writer, this.#sequence);
    const request = { kind: 'dump', request: writer.finish() } as const;
    const reply = await this.#require().request('dumped', request, [], onMessages);
    if (reply.failure !== null && !EMPTY_DUMP_CODES.includes(reply.failure.code)) {
      throw new Error(`cannot read from the kernel: ${reply.failure.text}`);
    }
  }

  /**
   * The kernel tells that a link went down, or lost an address, before it drops the link's routes, and dumps of
   * routes do not wait for it; writes do.
   */
  async #awaitLinkChanges(): Promise<void> {
    await this.applyRoutes([PROBE]);
  }

  async #requireWritePermission(): Promise<void> {
    const failures = await this.applyRoutes([PROBE]);
    if (failures.some(isPermissionMissing)) {
      throw new Error(
        'writing routes needs CAP_NET_ADMIN in this network namespace: run as root, or grant the capability',
      );
    }
  }

  #require(): WorkerClient {
    if (this.#client === null) throw new Error('the connection to the kernel is not open');
    return this.#client;
  }
}

/** The kernel may filter less than it is asked to (older ones know no filters): nobody relies on it. */
function wantedBy({ table, protocol, interfaceIndex }: RouteFilter): (route: KernelRoute) => boolean {
  return (route) =>
    route.table === table &&
    (protocol === null || route.target.protocol === protocol) &&
    (interfaceIndex === null || route.target.nextHops.some((hop) => hop.interfaceIndex === interfaceIndex));
}

function isPermissionMissing({ code }: KernelFailure): boolean {
  return code === 'EPERM' || code === 'EACCES';
}

function decodeAll<Value>(
  messages: Uint8Array,
  type: number,
  decode: (message: MessageReader) => Value | null,
): Value[] {
  const values: Value[] = [];
  const message = new MessageReader(messages);
  while (message.next()) {
    const value = message.type === type ? decode(message) : null;
    if (value !== null) values.push(value);
  }
  return values;
}

/** Notifications as events; what is none of ours (other families, the multicast tables) is left out. */
function decodeEvents(messages: Uint8Array): KernelEvent[] {
  const events: KernelEvent[] = [];
  const message = new MessageReader(messages);
  while (message.next()) {
    const event = decodeEvent(message);
    if (event !== null) events.push(event);
  }
  return events;
}

function decodeEvent(message: MessageReader): KernelEvent | null {
  switch (message.type) {
    case MessageType.NewRoute:
    case MessageType.DelRoute: {
      const route = decodeRoute(message);
      return route && { kind: 'route', isDeleted: message.type === MessageType.DelRoute, route };
    }
    case MessageType.NewLink:
    case MessageType.DelLink: {
      const link = decodeLink(message);
      return link && { kind: 'link', isDeleted: message.type === MessageType.DelLink, link };
    }
    case MessageType.NewAddr:
    case MessageType.DelAddr: {
      const address = decodeAddress(message);
      return address && { kind: 'address', isDeleted: message.type === MessageType.DelAddr, address };
    }
    case MessageType.NewNeighbour:
    case MessageType.DelNeighbour: {
      const neighbour = decodeNeighbour(message);
      const isDeleted = message.type === MessageType.DelNeighbour;
      return neighbour && { kind: 'neighbour', isDeleted, neighbour };
    }
    case MessageType.NewParameters:
      return { kind: 'parameters', interfaceIndex: decodeParameters(message) };
    default:
      return null;
  }
}
