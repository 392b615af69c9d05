/**
 * A reflector without a RIB, to measure the driver: every UPDATE of a client is passed on to all others with
 * ORIGINATOR_ID and CLUSTER_LIST added, nothing kept, nothing decided. No daemon can be faster than this one, so
 * where the driver is fast enough for it, the driver limits nobody.
 */
import { createServer, type Socket } from 'node:net';
import { clusterList, originatorId } from '../../harness/bgp/attributes.ts';
import { capability, encodeOpen, KEEPALIVE, MessageType } from '../../harness/bgp/encode.ts';
import { addressText } from '../../harness/bgp/prefix-text.ts';

interface Settings {
  readonly address: string;
  readonly port: number;
  readonly asn: number;
  readonly routerId: string;
  readonly clusterId: string;
}

const HEADER_BYTES = 19;
const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
const clients = new Set<Client>();

class Client {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  /** The two attributes that a reflector adds to this client's routes. */
  #added: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => {});
    socket.on('close', () => clients.delete(this));
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const reflected = Buffer.allocUnsafeSlow(2 * bytes.length + 64);
    let filled = 0;
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES && bytes.length - at >= bytes.readUInt16BE(at + 16)) {
      const end = at + bytes.readUInt16BE(at + 16);
      if (bytes[at + 18] === MessageType.Update) filled = this.#reflect(bytes, at, end, reflected, filled);
      else if (bytes[at + 18] === MessageType.Open) this.#open(bytes.subarray(at, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
    if (filled === 0) return;
    const shared = reflected.subarray(0, filled);
    for (const client of clients) if (client !== this) client.write(shared);
  }

  #open(message: Buffer): void {
    const families = [capability.multiprotocol('ipv4'), capability.multiprotocol('ipv6')];
    const capabilities = [...families, capability.fourOctetAs(settings.asn)];
    const holdTimeSec = message.readUInt16BE(22);
    this.#added = Buffer.concat([
      originatorId(addressText(message.subarray(24, 28))),
      clusterList([settings.clusterId]),
    ]);
    this.write(encodeOpen({ asn: settings.asn, routerId: settings.routerId, holdTimeSec, capabilities }));
    this.write(KEEPALIVE);
    setInterval(() => this.write(KEEPALIVE), (holdTimeSec * 1000) / 3).unref();
    clients.add(this);
  }

  /** Copies the UPDATE bytes[at, end), attributes added behind its own. @returns the new fill of `to` */
  #reflect(bytes: Buffer, at: number, end: number, to: Buffer, filled: number): number {
    const withdrawnBytes = bytes.readUInt16BE(at + HEADER_BYTES);
    const attributesAt = at + HEADER_BYTES + 2 + withdrawnBytes;
    const attributeBytes = bytes.readUInt16BE(attributesAt);
    if (withdrawnBytes > 0 || bytes[attributesAt + 3] === 15) {
      return filled + bytes.copy(to, filled, at, end); // a withdrawal: MP_UNREACH_NLRI comes alone
    }
    const added = this.#added.length;
    const nlriAt = attributesAt + 2 + attributeBytes;
    let out = filled + bytes.copy(to, filled, at, nlriAt);
    out += this.#added.copy(to, out);
    out += bytes.copy(to, out, nlriAt, end);
    to.writeUInt16BE(end - at + added, filled + 16);
    to.writeUInt16BE(attributeBytes + added, filled + (attributesAt - at));
    return out;
  }
}

createServer((socket) => new Client(socket)).listen(
  { host: settings.address, port: settings.port, backlog: 4096 },
  () => console.log('listening'),
);
