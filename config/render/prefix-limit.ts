/** How many prefixes a neighbor may announce: fields of a DynamicNeighbor, annotations of a BGPPeer. */
import type { PeerConfig } from '@manul/bgp';
import { parseDurationSec } from '../schema/duration.ts';
import type { BgpPeer, DynamicNeighbor } from '../schema/resource-set.ts';
import { type AnnotationForm, integerBetween, peerAnnotation } from './annotations.ts';
import type { RenderContext } from './render-context.ts';
import type { RenderedPrefixLimit } from './rendered-node.ts';

const WARNING_PERCENT = 75;
const RESTART_SEC = 300;
const MAX_PREFIXES = 2 ** 31;
/** A day: who wants to wait longer wants `never`. */
const MAX_RESTART_SEC = 86_400;

export const NO_PREFIX_LIMIT: RenderedPrefixLimit = {
  maxPrefixes: null,
  maxPrefixesWarningPercent: WARNING_PERCENT,
  maxPrefixesRestart: RESTART_SEC,
};

/** `never` is a value, too: the peer stays away until somebody lets it come. */
const restartTime: AnnotationForm<number | 'never'> = {
  parse: (text) => {
    if (text === 'never') return text;
    const seconds = parseDurationSec(text);
    return seconds !== null && seconds >= 1 && seconds <= MAX_RESTART_SEC ? seconds : null;
  },
  wrong: 'neither never nor a duration from 1s to 24h',
};

export function peerPrefixLimit(context: RenderContext, peer: BgpPeer): RenderedPrefixLimit {
  const limit = peerAnnotation(context, peer, 'max-prefixes', integerBetween(1, MAX_PREFIXES));
  const percent = peerAnnotation(context, peer, 'max-prefixes-warning-percent', integerBetween(1, 100));
  const restart = peerAnnotation(context, peer, 'max-prefixes-restart', restartTime);
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
