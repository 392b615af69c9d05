import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm run captures` writes: each different message that a daemon sent, in the order in which it sent them. */
export interface Capture {
  readonly daemon: string;
  /** AS of the daemon, and of the peer in its internal sessions. */
  readonly asn: number;
  /** AS of the peer in its external sessions. */
  readonly externalAsn: number;
  readonly messages: readonly CapturedMessage[];
}

export interface CapturedMessage {
  /** `Open`, `Update`, `Notification`, `Keepalive` or `RouteRefresh`. */
  readonly type: string;
  readonly isInternal: boolean;
  /** The whole message. */
  readonly hex: string;
}

/** All that lie in `folder`: this one. */
export function readCaptures(folder: string): Capture[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Capture);
}
