/**
 * Session and route events, for `manul watch` and `/api/v1/events`. Best routes are followed only while
 * somebody listens: a reflector should not describe a million routes to nobody.
 */
import type { BestRouteChange, Speaker, SpeakerEvent } from '@manul/bgp';

export type DaemonEvent =
  | ({ readonly at: string } & SpeakerEvent)
  | ({ readonly at: string; readonly kind: 'route' } & BestRouteChange)
  /** The reader was too slow: so many events are missing here. */
  | { readonly at: string; readonly kind: 'dropped'; readonly count: number };

export type EventListener = (events: readonly DaemonEvent[]) => void;

export class EventHub {
  readonly #speaker: Speaker | null;
  readonly #listeners = new Set<EventListener>();
  #stop: (() => void) | null = null;

  constructor(speaker: Speaker | null) {
    this.#speaker = speaker;
  }

  /** @returns the function that stops the listener */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    this.#stop ??= this.#follow();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = null;
    };
  }

  #follow(): () => void {
    if (this.#speaker === null) return () => {};
    const stops = [
      this.#speaker.onEvent((event) => this.#publish([{ at: now(), ...event }])),
      this.#speaker.subscribeBestRoutes(
        {
          onBestRoutes: (changes) => {
            const at = now();
            this.#publish(changes.map((change) => ({ at, kind: 'route', ...change })));
          },
          onEndOfRib: () => {},
        },
        { replay: false },
      ),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  #publish(events: readonly DaemonEvent[]): void {
    for (const listener of this.#listeners) listener(events);
  }
}

function now(): string {
  return new Date().toISOString();
}
