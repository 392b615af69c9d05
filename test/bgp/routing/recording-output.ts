/** A session's far end for RIB tests: decodes what is written with the harness's decoder and keeps the resulting table. */
import type { SessionOutput } from '../../../bgp/rib/rib-port.ts';
import { asPathOf, decodeUpdate, MessageSplitter, quadsOf, uint32Of } from '../../harness/bgp/decode.ts';
import type { Family } from '../../harness/bgp/prefix-text.ts';

export interface HeldRoute {
  readonly nextHop: string;
  readonly asPath: readonly number[];
  readonly localPref: number | null;
  readonly med: number | null;
  readonly originatorId: string | null;
  readonly clusterList: readonly string[];
}

export class RecordingOutput implements SessionOutput {
  /** By prefix, or `prefix#pathId` with ADD-PATH. */
  readonly table = new Map<string, HeldRoute>();
  readonly endsOfRib: Family[] = [];
  /** `begin ipv4`, `end ipv4` of refreshes (RFC 7313), in order. */
  readonly refreshMarkers: string[] = [];
  messages = 0;
  /** What `queuedBytes` says: set it high to play a slow reader. */
  queued = 0;
  readonly #splitter = new MessageSplitter();
  readonly #addPath: ReadonlySet<Family>;
  #drained: (() => void)[] = [];

  constructor(addPath: readonly Family[] = []) {
    this.#addPath = new Set(addPath);
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
    return this.queued;
  }

  onceDrained(callback: () => void): void {
    this.#drained.push(callback);
  }

  /** The socket has taken everything. */
  drain(): void {
    this.queued = 0;
    const callbacks = this.#drained;
    this.#drained = [];
    for (const callback of callbacks) callback();
  }

  #apply(body: Buffer): void {
    this.messages++;
    const update = decodeUpdate(body, this.#addPath);
    if (update.endOfRib !== null) {
      this.endsOfRib.push(update.endOfRib);
      return;
    }
    for (const { prefix, pathId } of update.withdrawn) this.table.delete(key(prefix, pathId));
    for (const { prefix, pathId, nextHop } of update.announced) {
      this.table.set(key(prefix, pathId), {
        nextHop,
        asPath: asPathOf(update.attributes),
        localPref: uint32Of(update.attributes, 5),
        med: uint32Of(update.attributes, 4),
        originatorId: quadsOf(update.attributes, 9)[0] ?? null,
        clusterList: quadsOf(update.attributes, 10),
      });
    }
  }
}

function key(prefix: string, pathId: number | null): string {
  return pathId === null ? prefix : `${prefix}#${pathId}`;
}
