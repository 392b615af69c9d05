/**
 * Whether an Established session goes on when what it runs by changes its nature: a peer of the mesh becomes the client
 * of a listen range, or the reverse. Compared is not what is offered but what two OPENs make of it, at both ends.
 */
import { isDeepStrictEqual } from 'node:util';
import { type NegotiationResult, negotiate } from '../packet/negotiate.ts';
import type { OpenMessage } from '../packet/open.ts';
import type { SessionSettings } from './session-settings.ts';

export interface RunningSession {
  /** Address of our end, canonical and without zone, or null. */
  readonly localAddress: string | null;
  readonly peerOpen: OpenMessage;
  /** What we said, or would say, with the settings. */
  ownOpen(settings: SessionSettings): OpenMessage;
}

export function continuesAs(
  running: RunningSession,
  before: SessionSettings,
  after: SessionSettings,
): boolean {
  const { address, localAddress, held, config } = after;
  return (
    held === null &&
    address === before.address &&
    after.interface === before.interface &&
    config.ttlSecurity === before.config.ttlSecurity &&
    (localAddress === null || localAddress === running.localAddress) &&
    isDeepStrictEqual(bothEnds(running, before), bothEnds(running, after))
  );
}

function bothEnds(
  { peerOpen, ownOpen }: RunningSession,
  settings: SessionSettings,
): readonly NegotiationResult[] {
  const own = ownOpen(settings);
  const { keepaliveSec, strictRole } = settings.config;
  const acceptsAsn = (): boolean => true;
  return [
    negotiate(own, peerOpen, { keepaliveSec, requiresRole: strictRole === true, acceptsAsn }),
    negotiate(peerOpen, own, { keepaliveSec: 0, acceptsAsn }),
  ];
}
