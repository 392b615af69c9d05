/** A daemon as the route reflector of the benchmark: every address of 127.0.0.0/8 may come as its client. */

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
  log(): string;
  stop(): Promise<void>;
}

export interface ReflectorKind {
  readonly name: string;
  /** What the machine must have. */
  readonly commands: readonly string[];
  readonly needsRoot: boolean;
  start(port: number): Promise<RunningReflector>;
}
