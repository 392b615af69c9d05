/** A daemon as the route reflector of the benchmark: every address of 127.0.0.0/8 may come as its client. */
import type { LoopDelay } from '../driver/job.ts';

export const REFLECTOR = {
  address: '127.0.0.1',
  asn: 64512,
  routerId: '10.0.0.254',
  clusterId: '10.0.0.254',
  clients: '127.0.0.0/8',
} as const;

export interface RunningReflector {
  /** Root of its processes. */
  readonly pid: number;
  /** Of its HTTP server on loopback, where it has one. */
  readonly httpPort?: number;
  /** How late its event loop was since this was asked last; only of one that was started for it. */
  loopDelay?(): Promise<LoopDelay>;
  log(): string;
  stop(): Promise<void>;
}

export interface ReflectorKind {
  readonly name: string;
  /** What the machine must have. */
  readonly commands: readonly string[];
  readonly needsRoot: boolean;
  /** @param isProbed it is asked for `loopDelay`, where it can tell */
  start(port: number, isProbed: boolean): Promise<RunningReflector>;
}
