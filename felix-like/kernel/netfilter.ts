/** Netfilter in the Worker: hears that nftables changed where it concerns us, and makes the kernel forget connections. */
import { addressFamily, FAMILIES, type Family, parseAddress } from '@manul/bgp/net';
import type { KernelFailure } from './kernel-port.ts';
import { ControlType } from './netlink/constants.ts';
import { decodeError } from './netlink/error-message.ts';
import { MessageReader } from './netlink/message-reader.ts';
import { MessageWriter } from './netlink/message-writer.ts';
import {
  type ConnectionFilter,
  type ConnectionKey,
  decodeConnection,
  encodeConnectionDelete,
  encodeConnectionDump,
  isNftablesChange,
  NETLINK_NETFILTER,
  NFTABLES_GROUP,
} from './netlink/netfilter-message.ts';
import { NetlinkSocket, NOTHING, OVERRUN } from './netlink-socket.ts';
import { kernelFailure } from './system-error.ts';

const OWN_TABLE = 'manul';
const BUFFER_BYTES = 1 << 20;
const RECEIVE_BYTES = 64 << 10;
/** Of more addresses than this, one list of all connections is cheaper than two short ones for each. */
const MAX_FILTERED = 8;
const MAX_DELETIONS = 200;
/** A connection that ended by itself meanwhile. */
const GONE = 'ENOENT';

export interface ForgottenConnections {
  readonly deleted: number;
  readonly failure: KernelFailure | null;
}

export class Netfilter {
  readonly #requests = new NetlinkSocket(0, BUFFER_BYTES, NETLINK_NETFILTER);
  readonly #monitor = new NetlinkSocket(NFTABLES_GROUP, BUFFER_BYTES, NETLINK_NETFILTER);
  readonly #buffer = new Uint8Array(RECEIVE_BYTES);
  #sequence = 0;

  /** To be polled. */
  get monitorFd(): number {
    return this.#monitor.fd;
  }

  /** @returns true when something was heard that concerns us, or when it may have been missed */
  readChanges(): boolean {
    let isChanged = false;
    for (;;) {
      const length = this.#monitor.receive(this.#buffer);
      if (length === NOTHING) return isChanged;
      if (length === OVERRUN) {
        isChanged = true;
        continue;
      }
      const message = new MessageReader(this.#buffer.subarray(0, length));
      while (!isChanged && message.next()) isChanged = isNftablesChange(message, OWN_TABLE);
    }
  }

  /** Deletes every tracked connection in which one of these sends: those that it began, and those that it answers. */
  forgetConnections(addresses: readonly string[]): ForgottenConnections {
    let deleted = 0;
    for (const family of FAMILIES) {
      const own = addresses.filter((address) => addressFamily(address) === family);
      if (own.length === 0) continue;
      const found = this.#find(family, own);
      if (!Array.isArray(found)) return { deleted, failure: found };
      for (let start = 0; start < found.length; start += MAX_DELETIONS) {
        const result = this.#delete(family, found.slice(start, start + MAX_DELETIONS));
        deleted += result.deleted;
        if (result.failure !== null) return { deleted, failure: result.failure };
      }
    }
    return { deleted, failure: null };
  }

  close(): void {
    this.#requests.close();
    this.#monitor.close();
  }

  #find(family: Family, addresses: readonly string[]): ConnectionKey[] | KernelFailure {
    const wanted = new Set(addresses.map((address) => textOf(parseAddress(address)!)));
    const isWanted = (bytes: Uint8Array, start: number, end: number): boolean =>
      wanted.has(textOf(bytes, start, end));
    const filters: (ConnectionFilter | null)[] =
      addresses.length > MAX_FILTERED ? [null] : filtersFor(addresses);
    const found = new Map<string, ConnectionKey>();
    for (const filter of filters) {
      const failure = this.#dump(family, filter, (message) => {
        const key = decodeConnection(message, isWanted);
        if (key !== null) found.set(key.map(({ value }) => textOf(value)).join(), key);
      });
      if (failure !== null) return failure;
    }
    return [...found.values()];
  }

  #dump(
    family: Family,
    filter: ConnectionFilter | null,
    onMessage: (message: MessageReader) => void,
  ): KernelFailure | null {
    const writer = new MessageWriter();
    encodeConnectionDump(writer, family, filter, ++this.#sequence);
    const refusal = this.#requests.send(writer.finish());
    if (refusal !== null) return refusal;
    for (;;) {
      const length = this.#requests.receive(this.#buffer);
      if (length === OVERRUN) continue;
      if (length === NOTHING) return kernelFailure(5, 'the kernel ended a list of connections early');
      const message = new MessageReader(this.#buffer.subarray(0, length));
      while (message.next()) {
        if (message.type === ControlType.Done || message.type === ControlType.Error) {
          const { errno, text } = decodeError(message);
          return errno === 0 ? null : kernelFailure(errno, text);
        }
        onMessage(message);
      }
    }
  }

  #delete(family: Family, connections: readonly ConnectionKey[]): ForgottenConnections {
    const writer = new MessageWriter();
    connections.forEach((connection, i) => {
      encodeConnectionDelete(writer, family, connection, i === connections.length - 1, ++this.#sequence);
    });
    const refusal = this.#requests.send(writer.finish());
    if (refusal !== null) return { deleted: 0, failure: refusal };
    let deleted = connections.length;
    let failure: KernelFailure | null = null;
    for (;;) {
      const length = this.#requests.receive(this.#buffer);
      if (length === OVERRUN) continue;
      if (length === NOTHING) return { deleted, failure };
      const message = new MessageReader(this.#buffer.subarray(0, length));
      while (message.next()) {
        const { errno, text } = decodeError(message);
        if (message.type !== ControlType.Error || errno === 0) continue;
        deleted--;
        const refused = kernelFailure(errno, text);
        if (refused.code !== GONE) failure = refused;
      }
    }
  }
}

function filtersFor(addresses: readonly string[]): ConnectionFilter[] {
  return addresses.flatMap((source) =>
    (['original', 'reply'] as const).map((direction) => ({ direction, source })),
  );
}

/** Bytes as a key of sets: short and cheap, not for people. */
function textOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
