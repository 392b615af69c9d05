/**
 * The way of a learnt route through an agent of its own, as far as the request to the kernel, which goes nowhere: taken
 * so often that it has been compiled when the first real route comes. Nothing of it is shared with the agent but the code.
 */
import type { LearntColumns } from './agent-api.ts';
import { NO_CONFIG } from './calc/calculator-config.ts';
import { RouteCalculator } from './calc/route-calculator.ts';
import { systemClock } from './dataplane/clock.ts';
import { ErrorLog } from './dataplane/error-log.ts';
import { LearntFeed } from './dataplane/learnt-feed.ts';
import { RouteSettler } from './dataplane/route-settler.ts';
import { RouteWriter } from './dataplane/route-writer.ts';
import { encodeRequest } from './kernel/encode-request.ts';
import { RouteWriteEncoder } from './kernel/netlink/route-write.ts';
import { SharedBuffers } from './kernel/shared-buffers.ts';
import { Ownership } from './routetable/ownership.ts';
import { MAIN_TABLE } from './routetable/route-key.ts';
import { RouteTable } from './routetable/route-table.ts';

const PROTOCOL = 80;
const LINK = {
  index: 2,
  name: 'rehearsal',
  isUp: true,
  hasCarrier: true,
  isLoopback: false,
} as const;
/** As those that peers do not know: numbers that need the same room. */
const SEED = 0x9e37_79b9;
/** Of one operation. */
const REQUEST_BYTES = 96;

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export class RouteRehearsal {
  readonly #feed = new LearntFeed();
  readonly #writer: RouteWriter;
  readonly #settler: RouteSettler;
  readonly #encoder = new RouteWriteEncoder();
  readonly #buffers = new SharedBuffers();
  #written = 0;

  /** @param subnets on which next hops are, the first 24 bits of each as three octets */
  constructor(subnets: readonly (readonly number[])[]) {
    const calculator = new RouteCalculator(() => {}, SEED);
    const addresses = subnets.map((subnet) => ({
      interfaceIndex: LINK.index,
      address: `${subnet.join('.')}.1`,
      subnet: `${subnet.join('.')}.0/24`,
    }));
    calculator.setConfig({
      ...NO_CONFIG,
      routeProtocol: PROTOCOL,
      routePriority: { ipv4: 1024, ipv6: 1024 },
      addresses: { ipv4: addresses[0]!, ipv6: null },
    });
    calculator.setFacts({ links: [LINK], addresses });
    calculator.startLearnt();
    const clock = systemClock;
    const ownership = new Ownership({
      protocols: [PROTOCOL],
      pools: [],
      isWorkloadInterface: () => false,
      removesExternal: false,
    });
    const table = new RouteTable(MAIN_TABLE, ownership, () => clock.now(), SEED);
    this.#writer = new RouteWriter(
      {
        kernel: { writeRoutes: (batch) => this.#write(batch), forgetConnections: async () => 0 },
        calculator,
        table,
        errors: new ErrorLog(clock, SILENT),
        logger: SILENT,
        onWrite: ({ count }) => {
          this.#written += count;
        },
        onProgress() {},
      },
      { isAllSettled: () => calculator.isSettled && this.#feed.isEmpty, onReply() {} },
    );
    this.#settler = new RouteSettler({ clock, calculator, table, feed: this.#feed, writer: this.#writer });
  }

  /** Routes that have come to their end. */
  get written(): number {
    return this.#written;
  }

  learn(columns: LearntColumns): void {
    this.#feed.pushColumns(columns);
  }

  /** Settles and writes for a slice of time. @returns true when all is settled */
  work(): boolean {
    const hasMore = this.#settler.settle();
    this.#writer.send();
    return !hasMore;
  }

  async #write(batch: Parameters<RouteWriteEncoder['encode']>[1]): Promise<readonly []> {
    const room = this.#buffers.take(batch.length * REQUEST_BYTES);
    encodeRequest(batch.length, 1, room, (writer, i, sequence, wantsAck) =>
      this.#encoder.encode(writer, batch, i, sequence, wantsAck),
    );
    this.#buffers.giveBack(room);
    return [];
  }
}
