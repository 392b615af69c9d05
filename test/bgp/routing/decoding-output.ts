/** A session's far end that keeps every UPDATE as the harness's own decoder reads it, and the resulting table. */
import type { SessionOutput } from '../../../bgp/rib/rib-port.ts';
import { type AttributeValues, attributeValues } from '../../harness/bgp/attribute-values.ts';
import { decodeUpdate, MessageSplitter, type ReceivedAttributes } from '../../harness/bgp/decode.ts';
import type { Family } from '../../harness/bgp/prefix-text.ts';

export interface SentRoute extends AttributeValues {
  readonly nextHop: string;
  /** By type code, with flags, as sent. */
  readonly attributes: ReceivedAttributes;
}

export class DecodingOutput implements SessionOutput {
  /** By prefix, or `prefix#pathId` with ADD-PATH. */
  readonly table = new Map<string, SentRoute>();
  readonly endsOfRib: Family[] = [];
  /** `begin ipv4`, `end ipv4` of refreshes (RFC 7313), in order. */
  readonly refreshMarkers: string[] = [];
  /** Octets of each message, header included, in order. */
  readonly messageLengths: number[] = [];
  /** Keys withdrawn, in order. */
  readonly withdrawals: string[] = [];
  readonly #splitter = new MessageSplitter();
  readonly #addPath: ReadonlySet<Family>;
  readonly #asBytes: 2 | 4;

  constructor(addPath: readonly Family[] = [], asBytes: 2 | 4 = 4) {
    this.#addPath = new Set(addPath);
    this.#asBytes = asBytes;
  }

  write(chunk: Uint8Array): void {
    for (const { body } of this.#splitter.push(Buffer.from(chunk))) this.#apply(body);
  }

  writev(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.write(chunk);
  }

  writeRefreshMarker(message: Uint8Array): void {
    const family = message[20] === 1 ? 'ipv4' : 'ipv6';
    this.refreshMarkers.push(`${message[21] === 1 ? 'begin' : 'end'} ${family}`);
  }

  queuedBytes(): number {
    return 0;
  }

  onceDrained(callback: () => void): void {
    callback();
  }

  /** Prefixes held, in order of text. */
  get prefixes(): string[] {
    return [...this.table.keys()].sort();
  }

  /** @throws Error when the session was not sent the route. */
  route(key: string): SentRoute {
    const route = this.table.get(key);
    if (route === undefined)
      throw new Error(`no route ${key} was sent; there are ${this.prefixes.join(', ')}`);
    return route;
  }

  #apply(body: Buffer): void {
    this.messageLengths.push(body.length + 19);
    const update = decodeUpdate(body, this.#addPath);
    if (update.endOfRib !== null) {
      this.endsOfRib.push(update.endOfRib);
      return;
    }
    for (const { prefix, pathId } of update.withdrawn) {
      this.table.delete(keyOf(prefix, pathId));
      this.withdrawals.push(keyOf(prefix, pathId));
    }
    for (const { prefix, pathId, nextHop } of update.announced) {
      const values = attributeValues(update.attributes, this.#asBytes);
      this.table.set(keyOf(prefix, pathId), { ...values, nextHop, attributes: update.attributes });
    }
  }
}

function keyOf(prefix: string, pathId: number | null): string {
  return pathId === null ? prefix : `${prefix}#${pathId}`;
}
