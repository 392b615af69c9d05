/** Asks the kernel for IPv4 routes over netlink (rtnetlink(7)), as little as the benchmark needs; little-endian hosts. */
import koffi from 'koffi';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const MSG_DONTWAIT = 0x40;
const AF_INET = 2;
const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
const NLM_F_REQUEST = 1;
const NLM_F_DUMP = 0x300;
const RTA_DST = 1;
const RTA_GATEWAY = 5;
/** nlmsghdr { u32 len; u16 type, flags; u32 seq, pid }, rtmsg of 12 octets. */
const HEADER_BYTES = 16;
const ROUTE_HEADER_BYTES = 12;

const libc = koffi.load(null);
const socket: (domain: number, type: number, protocol: number) => number = libc.func(
  'int socket(int domain, int type, int protocol)',
);
const send: (fd: number, bytes: Buffer, length: number, flags: number) => number = libc.func(
  'intptr_t send(int fd, void *bytes, size_t length, int flags)',
);
const receive: (fd: number, bytes: Buffer, length: number, flags: number) => number = libc.func(
  'intptr_t recv(int fd, void *bytes, size_t length, int flags)',
);

export class RouteSocket {
  readonly #fd = socket(AF_NETLINK, SOCK_RAW, 0);
  readonly #buffer = Buffer.alloc(1 << 16);

  /** Where packets to an address go on, dotted quad; null: nowhere, or to the link. Microseconds. */
  gatewayOf(address: string): string | null {
    let found: string | null = null;
    this.#ask(NLM_F_REQUEST, address, (gateway) => {
      found = gateway;
    });
    return found;
  }

  /** Routes to `gateway` in all tables, counted one by one. */
  countVia(gateway: string): number {
    let count = 0;
    this.#ask(NLM_F_REQUEST | NLM_F_DUMP, null, (one) => {
      if (one === gateway) count++;
    });
    return count;
  }

  /** The kernel makes the answer while it is asked and while it is read. */
  #ask(flags: number, address: string | null, onGateway: (gateway: string | null) => void): void {
    const octets = address === null ? [] : address.split('.').map(Number);
    const request = Buffer.alloc(HEADER_BYTES + ROUTE_HEADER_BYTES + (address === null ? 0 : 8));
    request.writeUInt32LE(request.length, 0);
    request.writeUInt16LE(RTM_GETROUTE, 4);
    request.writeUInt16LE(flags, 6);
    request[HEADER_BYTES] = AF_INET;
    if (address !== null) {
      request[HEADER_BYTES + 1] = 32;
      request.writeUInt16LE(8, 28);
      request.writeUInt16LE(RTA_DST, 30);
      request.set(octets, 32);
    }
    if (send(this.#fd, request, request.length, 0) < 0)
      throw new Error('the kernel cannot be asked for routes');
    for (;;) {
      const length = receive(this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT);
      if (length <= 0) return;
      for (let at = 0; at + HEADER_BYTES <= length; at += (this.#buffer.readUInt32LE(at) + 3) & ~3) {
        if (this.#buffer.readUInt16LE(at + 4) === RTM_NEWROUTE) onGateway(this.#gatewayAt(at));
      }
    }
  }

  /** RTA_GATEWAY of the message that begins at `start`. */
  #gatewayAt(start: number): string | null {
    const end = start + this.#buffer.readUInt32LE(start);
    for (let at = start + HEADER_BYTES + ROUTE_HEADER_BYTES; at + 4 <= end; ) {
      const length = this.#buffer.readUInt16LE(at);
      if (this.#buffer.readUInt16LE(at + 2) === RTA_GATEWAY)
        return this.#buffer.subarray(at + 4, at + 8).join('.');
      at += (length + 3) & ~3;
    }
    return null;
  }
}
