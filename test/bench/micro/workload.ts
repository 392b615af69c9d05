/** What the cases work on: UPDATEs as `full-table` has them, ten prefixes for each attribute set. */
import type { PolicyConfig } from '../../../bgp/policy/policy-config.ts';
import { ACCEPT_ALL } from '../../../bgp/policy/policy-config.ts';
import type { RibSession, SessionOutput } from '../../../bgp/rib/rib-port.ts';
import type { Rib } from '../../../bgp/rib/rib-view.ts';
import { createRib } from '../../../bgp/routing/create-rib.ts';
import { ribSession } from '../../bgp/routing/rib-sessions.ts';
import { encodeAnnouncements, encodeWithdrawals } from '../driver/encode-routes.ts';

export const PREFIXES = 200_000;
export const SETS = 20_000;
const HEADER_OCTETS = 19;

/** Bodies of UPDATEs: octets, and where each begins and ends. */
export interface Updates {
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Announces all prefixes; senders differ in next hop and preference. */
export function announcements(sender: number, localPref = 100): Updates {
  const perSet = PREFIXES / SETS;
  const sets = Array.from({ length: SETS }, (_, set) => ({
    set,
    localPref,
    first: set * perSet,
    count: perSet,
  }));
  return cut(encodeAnnouncements({ family: 'ipv4', nextHop: `192.0.2.${sender}` }, sets));
}

export function withdrawals(): Updates {
  return cut(encodeWithdrawals('ipv4', 0, PREFIXES));
}

function cut(pieces: readonly Buffer[]): Updates {
  const bytes = Buffer.concat(pieces);
  const starts: number[] = [];
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; at = ends.at(-1)!) {
    starts.push(at + HEADER_OCTETS);
    ends.push(at + bytes.readUInt16BE(at + 16));
  }
  return { bytes, starts, ends };
}

/** Takes everything, and keeps nothing. */
class Sink implements SessionOutput {
  octets = 0;

  write(chunk: Uint8Array): void {
    this.octets += chunk.length;
  }

  writev(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.write(chunk);
  }

  writeRefreshMarker(): void {}

  queuedBytes(): number {
    return 0;
  }

  onceDrained(callback: () => void): void {
    queueMicrotask(callback);
  }
}

export class Reflector {
  readonly #rib: Rib = createRib({ delay: () => undefined });
  readonly #slots = new Map<number, number>();
  readonly sink = new Sink();

  constructor() {
    this.#rib.configure({ asn: 64_512, routerId: '192.0.2.254', clusterId: '244.0.0.1' });
  }

  /** iBGP client `peer-<number>`. */
  up(number: number, exportPolicy: PolicyConfig = ACCEPT_ALL): void {
    const session: RibSession = { ...ribSession(number, {}), exportPolicy };
    this.#slots.set(number, this.#rib.addSession(session, this.sink));
    this.work();
  }

  receive(from: number, { bytes, starts, ends }: Updates): void {
    const slot = this.#slots.get(from)!;
    for (let i = 0; i < starts.length; i++) this.#rib.receiveUpdate(slot, bytes, starts[i]!, ends[i]!);
  }

  /** Decides, packs and sends all that waits. */
  work(): void {
    while (!this.#rib.work(1000));
  }

  get prefixes(): number {
    return this.#rib.summary().prefixes.ipv4;
  }
}
