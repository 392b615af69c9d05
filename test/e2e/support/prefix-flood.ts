/**
 * A client that announces far more prefixes than its limit allows, comes back after each Cease and goes on, beside
 * sessions that must not notice: two that exchange a route all the time, and one that is told of everything.
 */
import { connect, type Socket } from 'node:net';
import { asPath, communities, localPref, nextHop, origin } from '../../harness/bgp/attributes.ts';
import { capability, encodeOpen, encodeUpdate, KEEPALIVE } from '../../harness/bgp/encode.ts';
import type { TestPeer } from '../../harness/bgp/test-peer.ts';
import { pollUntil } from '../../harness/deadline.ts';
import type { ShownPeerDetail } from '../../harness/manul/manul-daemon.ts';
import { dynamicNeighborYaml } from '../../harness/manul/resources.ts';
import { parseExposition, sampleOf } from './exposition.ts';
import { usageOf } from './process-usage.ts';
import { ASN, type Reflector, startReflector } from './reflector.ts';

const NETWORK = '127.63';
const FLOODER = `${NETWORK}.1.1`;
const WITNESSES = [`${NETWORK}.0.11`, `${NETWORK}.0.12`] as const;
const SINK = `${NETWORK}.0.13`;
/** A pause so long ends every session. */
const HOLD_SEC = 9;
const PREFIXES_OF_UPDATE = 1000;

export interface FloodOptions {
  /** How many are announced in all. */
  readonly prefixes: number;
  readonly limit: number;
}

export interface FloodReport {
  /** Prefixes that arrived. */
  readonly announced: number;
  /** Sessions of the flooder that ended with Cease 6/1. */
  readonly ceases: number;
  readonly seconds: number;
  /** From one witness to the other while the flood lasted: how many routes, and the slowest of them. */
  readonly probes: number;
  readonly slowestProbeMs: number;
  readonly eventLoopDelayMs: number;
  readonly peakRssBytes: number;
}

export class PrefixFlood {
  readonly reflector: Reflector;
  readonly witnesses: readonly TestPeer[];
  readonly #sink: Socket;
  readonly #options: FloodOptions;

  private constructor(
    reflector: Reflector,
    witnesses: readonly TestPeer[],
    sink: Socket,
    options: FloodOptions,
  ) {
    this.reflector = reflector;
    this.witnesses = witnesses;
    this.#sink = sink;
    this.#options = options;
  }

  static async open(options: FloodOptions): Promise<PrefixFlood> {
    const reflector = await startReflector({
      address: `${NETWORK}.0.1`,
      listenRanges: [`${NETWORK}.0.0/24`],
      holdTimeSec: HOLD_SEC,
      files: {
        'limited.yaml': dynamicNeighborYaml({
          name: 'limited',
          listenRanges: [`${NETWORK}.1.0/24`],
          routeReflectorClient: true,
          spec: [`maxPrefixes: ${options.limit}`],
        }),
      },
    });
    const witnesses = await Promise.all(
      WITNESSES.map((address) => reflector.dial(address, { families: ['ipv6'] }).established()),
    );
    const sink = session(reflector, SINK);
    const keepalives = setInterval(() => sink.write(KEEPALIVE), (HOLD_SEC * 1000) / 3);
    sink.on('close', () => clearInterval(keepalives));
    await reflector.daemon.untilPeer(SINK, ({ state }) => state === 'Established', 'Established');
    return new PrefixFlood(reflector, witnesses, sink, options);
  }

  get sinkIsThere(): boolean {
    return !this.#sink.destroyed;
  }

  async run(): Promise<FloodReport> {
    const start = performance.now();
    const probing = new AbortController();
    const probes = this.#probe(probing.signal);
    let announced = 0;
    while (announced < this.#options.prefixes) {
      await this.#floodOnce();
      announced = (await this.flooder()).messages.received.update * PREFIXES_OF_UPDATE;
    }
    await pollUntil(
      async () => (await this.#sample('manul_bgp_rib_prefixes{family="ipv4"}')) === 0 || null,
      'an empty RIB',
      {
        deadlineMs: 60_000,
      },
    );
    const seconds = (performance.now() - start) / 1000;
    probing.abort();
    const times = await probes;
    const ceases = `manul_bgp_notifications_total{peer="limited/${FLOODER}",direction="sent",code="6",subcode="1"}`;
    return {
      announced,
      ceases: await this.#sample(ceases),
      seconds,
      probes: times.length,
      slowestProbeMs: Math.max(...times),
      eventLoopDelayMs: (await this.#sample('manul_event_loop_delay_seconds{quantile="1"}')) * 1000,
      peakRssBytes: usageOf(this.reflector.daemon.pid).peakRssBytes,
    };
  }

  async close(): Promise<void> {
    this.#sink.destroy();
    await Promise.all(this.witnesses.map((peer) => peer.close()));
    await this.reflector.daemon.stop();
  }

  async flooder(): Promise<ShownPeerDetail> {
    const path = `/api/v1/peers/${encodeURIComponent(`limited/${FLOODER}`)}`;
    return JSON.parse(await this.reflector.daemon.httpGet(path)) as ShownPeerDetail;
  }

  async #sample(series: string): Promise<number> {
    return sampleOf(parseExposition(await this.reflector.daemon.httpGet('/metrics')), series);
  }

  /** One session, from OPEN to its end. */
  #floodOnce(): Promise<void> {
    return new Promise((resolve) => {
      const socket = session(this.reflector, FLOODER);
      let next = 0;
      const write = (): void => {
        while (!socket.destroyed && next <= this.#options.limit / PREFIXES_OF_UPDATE + 50) {
          if (!socket.write(updateNumber(next++))) return;
        }
      };
      socket.on('connect', write);
      socket.on('drain', write);
      socket.on('close', () => resolve());
    });
  }

  /** One route after the other, from one witness to the other. @returns milliseconds of each */
  async #probe(signal: AbortSignal): Promise<readonly number[]> {
    const [from, to] = this.witnesses;
    const times: number[] = [];
    for (let i = 1; !signal.aborted; i = (i % 65_535) + 1) {
      const prefix = `fd63:1:${i.toString(16)}::/48`;
      const before = performance.now();
      from!.announce([prefix], { nextHop: 'fd63::1' });
      await to!.route(prefix, 60_000);
      times.push(performance.now() - before);
      from!.withdraw([prefix]);
      await to!.noRoute(prefix, 60_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return times;
  }
}

/** A connection that says OPEN and KEEPALIVE at once, and forgets what it reads. */
function session({ address, port }: Reflector, localAddress: string): Socket {
  const socket = connect({ host: address, port, localAddress, noDelay: true });
  const capabilities = [capability.multiprotocol('ipv4'), capability.fourOctetAs(ASN)];
  socket.write(encodeOpen({ asn: ASN, routerId: localAddress, holdTimeSec: HOLD_SEC, capabilities }));
  socket.write(KEEPALIVE);
  socket.on('error', () => undefined);
  socket.resume();
  return socket;
}

/** A thousand /24 from 1.0.0.0 on, with attributes of their own. */
function updateNumber(index: number): Buffer {
  const nlri = Buffer.alloc(PREFIXES_OF_UPDATE * 4);
  for (let i = 0; i < PREFIXES_OF_UPDATE; i++)
    nlri.writeUInt32BE(0x18_01_00_00 + index * PREFIXES_OF_UPDATE + i, i * 4);
  const attributes = [origin(0), asPath([]), nextHop(FLOODER), localPref(100), communities([index])];
  return encodeUpdate({ attributes, nlri });
}

export function describeFlood(report: FloodReport): string {
  const { announced, ceases, seconds, probes, slowestProbeMs, eventLoopDelayMs, peakRssBytes } = report;
  return [
    `${announced} prefixes in ${seconds.toFixed(1)} s, ${ceases} times Cease 6/1`,
    `${probes} routes of others, the slowest after ${slowestProbeMs.toFixed(0)} ms`,
    `event loop late by ${eventLoopDelayMs.toFixed(0)} ms at most, ${(peakRssBytes / 2 ** 20).toFixed(0)} MiB`,
  ].join('; ');
}
