/** How many prefixes a neighbor may announce: fields of a DynamicNeighbor, annotations of a BGPPeer. */
import type { PeerConfig } from '@manul/bgp';
import type { BgpPeer, DynamicNeighbor } from '../schema/resource-set.ts';
import { peerOption } from './annotations.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedPrefixLimit } from './rendered-node.ts';

const WARNING_PERCENT = 75;
const RESTART_SEC = 300;

export const NO_PREFIX_LIMIT: RenderedPrefixLimit = {
  maxPrefixes: null,
  maxPrefixesWarningPercent: WARNING_PERCENT,
  maxPrefixesRestart: RESTART_SEC,
};

export function peerPrefixLimit(context: RenderContext, peer: BgpPeer): RenderedPrefixLimit {
  const limit = peerOption(context, peer, 'max-prefixes');
  const percent = peerOption(context, peer, 'max-prefixes-warning-percent');
  const restart = peerOption(context, peer, 'max-prefixes-restart');
  return {
    maxPrefixes: limit,
    maxPrefixesWarningPercent: percent ?? WARNING_PERCENT,
    maxPrefixesRestart: restart === 'never' ? null : (restart ?? RESTART_SEC),
  };
}

/** A client of a range may come back at once. */
export function neighborPrefixLimit({
  spec,
}: DynamicNeighbor): Omit<RenderedPrefixLimit, 'maxPrefixesRestart'> {
  return {
    maxPrefixes: spec.maxPrefixes ?? null,
    maxPrefixesWarningPercent: spec.maxPrefixesWarningPercent ?? WARNING_PERCENT,
  };
}

/** As the speaker takes it. */
export function prefixLimitConfig({
  maxPrefixes,
  maxPrefixesWarningPercent,
  maxPrefixesRestart,
}: RenderedPrefixLimit): Pick<
  PeerConfig,
  'maxPrefixes' | 'maxPrefixesWarningPercent' | 'maxPrefixesRestartSec'
> {
  return { maxPrefixes, maxPrefixesWarningPercent, maxPrefixesRestartSec: maxPrefixesRestart };
}
