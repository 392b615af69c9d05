/** A netlink socket; non-blocking. Netlink answers inside send(): what it has to say is there at once. */
import type { KernelFailure } from './kernel-port.ts';
import * as libc from './libc.ts';
import { MessageType, NEIGHBOUR_STATE_PERMANENT, NETLINK_ROUTE } from './netlink/constants.ts';
import { HOST_IS_LITTLE_ENDIAN } from './netlink/layout.ts';
import { errorCode, kernelFailure } from './system-error.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const EAGAIN = 11;
const ENOBUFS = 105;

/** `receive` has nothing more to read. */
export const NOTHING = 0;
/** The socket's buffer was too small for what came; something is lost. Reported once for each such period. */
export const OVERRUN = -1;

export class NetlinkSocket {
  readonly fd: number;
  /** What the kernel calls this socket: the port ID in messages that it caused. */
  readonly portId: number;

  /** @param groups bits of the multicast groups to hear */
  constructor(groups: number, receiveBufferBytes: number, protocol = NETLINK_ROUTE) {
    this.fd = check(libc.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol), 'socket');
    try {
      this.#setReceiveBuffer(receiveBufferBytes);
      this.#setOption(SOL_NETLINK, NETLINK_EXT_ACK, u32(1));
      this.#setOption(SOL_NETLINK, NETLINK_CAP_ACK, u32(1));
      this.#setOption(SOL_NETLINK, NETLINK_GET_STRICT_CHK, u32(1));
      this.portId = this.#bind(groups);
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
  }

  /** @returns why the kernel took the bytes not at all, or null; what it thinks of the messages is received. */
  send(bytes: Uint8Array): KernelFailure | null {
    return libc.send(this.fd, bytes, bytes.length, 0) < 0 ? kernelFailure(libc.errno()) : null;
  }

  /** @returns the length of what was received, NOTHING or OVERRUN */
  receive(buffer: Uint8Array): number {
    const length = libc.recv(this.fd, buffer, buffer.length, MSG_DONTWAIT);
    if (length >= 0) return length;
    const errno = libc.errno();
    if (errno === EAGAIN) return NOTHING;
    if (errno === ENOBUFS) return OVERRUN;
    throw new Error(`recv: ${errorCode(errno)}`);
  }

  /**
   * Drops, in the kernel, notifications of route changes that the socket with `portId` caused: a batch of our own
   * would otherwise fill the buffer with what we know already. Changes to our routes made by others come through.
   * Of neighbours that appear or change only the permanent ones do: those that the kernel finds out itself change
   * by the second.
   */
  ignoreKnown(portId: number): void {
    const program = [
      ...instruction(BPF_LOAD_HALF, 0, 0, NLMSG_TYPE_AT),
      ...instruction(BPF_JUMP_EQUAL, 4, 0, networkU16(MessageType.NewNeighbour)),
      ...instruction(BPF_JUMP_EQUAL, 1, 0, networkU16(MessageType.NewRoute)),
      ...instruction(BPF_JUMP_EQUAL, 0, 4, networkU16(MessageType.DelRoute)),
      ...instruction(BPF_LOAD_WORD, 0, 0, NLMSG_PORT_AT),
      ...instruction(BPF_JUMP_EQUAL, 3, 2, networkU32(portId)),
      ...instruction(BPF_LOAD_HALF, 0, 0, NDMSG_STATE_AT),
      ...instruction(BPF_JUMP_SET, 0, 1, networkU16(NEIGHBOUR_STATE_PERMANENT)),
      ...instruction(BPF_RETURN, 0, 0, 0xffffffff),
      ...instruction(BPF_RETURN, 0, 0, 0),
    ];
    const code = Uint8Array.from(program);
    // struct sock_fprog { u16 number of instructions; padding; pointer to them }
    const description = new DataView(new ArrayBuffer(16));
    description.setUint16(0, code.length / 8, HOST_IS_LITTLE_ENDIAN);
    description.setBigUint64(8, libc.addressOf(code), HOST_IS_LITTLE_ENDIAN);
    this.#setOption(SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(description.buffer));
  }

  close(): void {
    libc.close(this.fd);
  }

  #bind(groups: number): number {
    // struct sockaddr_nl { u16 family, pad; u32 port ID (0: the kernel chooses), groups }
    const address = new DataView(new ArrayBuffer(12));
    address.setUint16(0, AF_NETLINK, HOST_IS_LITTLE_ENDIAN);
    address.setUint32(8, groups, HOST_IS_LITTLE_ENDIAN);
    const bytes = new Uint8Array(address.buffer);
    check(libc.bind(this.fd, bytes, bytes.length), 'bind');
    check(libc.getsockname(this.fd, bytes, Uint32Array.of(bytes.length)), 'getsockname');
    return address.getUint32(4, HOST_IS_LITTLE_ENDIAN);
  }

  /** Beyond the system's limit where that is permitted. */
  #setReceiveBuffer(bytes: number): void {
    const value = u32(bytes);
    if (libc.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, value, 4) < 0) {
      this.#setOption(SOL_SOCKET, SO_RCVBUF, value);
    }
  }

  #setOption(level: number, name: number, value: Uint8Array): void {
    check(libc.setsockopt(this.fd, level, name, value, value.length), `setsockopt ${level}/${name}`);
  }
}

/** Offsets inside a notification. */
const NLMSG_TYPE_AT = 4;
const NLMSG_PORT_AT = 12;
const NDMSG_STATE_AT = 24;
const BPF_LOAD_WORD = 0x20;
const BPF_LOAD_HALF = 0x28;
const BPF_JUMP_EQUAL = 0x15;
const BPF_JUMP_SET = 0x45;
const BPF_RETURN = 0x06;

/** struct sock_filter { u16 code; u8 jump if true, if false; u32 operand } */
function instruction(code: number, ifTrue: number, ifFalse: number, operand: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint16(0, code, HOST_IS_LITTLE_ENDIAN);
  view.setUint8(2, ifTrue);
  view.setUint8(3, ifFalse);
  view.setUint32(4, operand, HOST_IS_LITTLE_ENDIAN);
  return new Uint8Array(view.buffer);
}

/** A host number as the filter sees it: it reads packets in network order. */
function networkU32(value: number): number {
  return new DataView(u32(value).buffer).getUint32(0);
}

function networkU16(value: number): number {
  return HOST_IS_LITTLE_ENDIAN ? ((value & 0xff) << 8) | (value >> 8) : value;
}

function u32(value: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, HOST_IS_LITTLE_ENDIAN);
  return new Uint8Array(view.buffer);
}

function check(result: number, what: string): number {
  if (result < 0) throw new Error(`netlink ${what}: ${errorCode(libc.errno())}`);
  return result;
}
