/**
 * NOTIFICATIONs by peer, direction, code and subcode, counted from events. What was said to or by somebody who is no
 * peer any more, or never became one, is not lost: it counts under `_others`.
 */
import type { SessionError, SpeakerEvent } from '@manul/bgp';
import { OTHERS } from './peer-budget.ts';
import { labelText, type Sample } from './sampled-metric.ts';

/** Series of one peer; every pair that an RFC assigns, in both directions, and some more. What a peer invents beyond is summed up. */
const MAX_SERIES = 128;
const INVENTED = { code: 'other', subcode: 'other' };
const INVENTED_LABELS = labelText(INVENTED);

interface Count {
  value: number;
  /** How much of it `_others` has already. */
  folded: number;
}

export class NotificationCounts {
  readonly #byPeer = new Map<string, Map<string, Count>>();
  readonly #others = new Map<string, number>();

  onEvent(event: SpeakerEvent): void {
    if (event.kind === 'notification') {
      this.#add(event.peer, event.error);
    } else if (event.kind === 'refused' && event.notification !== null) {
      this.#add(event.peer ?? '', { direction: 'sent', ...event.notification });
    }
  }

  /**
   * @param isListed there is such a peer
   * @param isNamed it has series of its own
   */
  samples(isListed: (peer: string) => boolean, isNamed: (peer: string) => boolean): readonly Sample[] {
    const samples: Sample[] = [];
    for (const [peer, counts] of this.#byPeer) {
      const isOwn = isListed(peer) && isNamed(peer);
      for (const [series, count] of counts) {
        if (isOwn) samples.push({ labels: `${labelText({ peer })},${series}`, value: count.value });
        else this.#fold(series, count);
      }
      if (!isListed(peer)) this.#byPeer.delete(peer);
    }
    const others = labelText({ peer: OTHERS });
    for (const [series, value] of this.#others) samples.push({ labels: `${others},${series}`, value });
    return samples;
  }

  #add(
    peer: string,
    { direction, code, subcode }: Pick<SessionError, 'direction' | 'code' | 'subcode'>,
  ): void {
    const counts = this.#byPeer.get(peer) ?? new Map<string, Count>();
    this.#byPeer.set(peer, counts);
    const own = labelText({ direction, code, subcode });
    const hasRoom = counts.size < MAX_SERIES || counts.has(own);
    const series = hasRoom ? own : labelText({ direction, ...INVENTED });
    const count = counts.get(series) ?? { value: 0, folded: 0 };
    counts.set(series, count);
    count.value++;
  }

  #fold(own: string, count: Count): void {
    const hasRoom = this.#others.size < MAX_SERIES || this.#others.has(own);
    const series = hasRoom ? own : own.replace(/code="\d+",subcode="\d+"/, INVENTED_LABELS);
    this.#others.set(series, (this.#others.get(series) ?? 0) + count.value - count.folded);
    count.folded = count.value;
  }
}
