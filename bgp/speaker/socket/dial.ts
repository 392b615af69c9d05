/** Opens a transport connection to a peer. */
import { connect, type Socket } from 'node:net';

export interface DialOptions {
  /** Address text, never a host name. */
  readonly address: string;
  readonly port: number;
  /** Address that our end binds to, or null to let the kernel choose. */
  readonly localAddress: string | null;
}

/** The socket emits `connect` or `error`; it has its options set before the first byte. */
export function dial({ address, port, localAddress }: DialOptions): Socket {
  return connect({
    host: address,
    port,
    noDelay: true,
    autoSelectFamily: false,
    ...(localAddress === null ? {} : { localAddress }),
  });
}
