/** Delivers events to listeners and to the log. */
import type { Logger } from './speaker-api.ts';
import type { SpeakerEvent } from './speaker-status.ts';

export class SpeakerEvents {
  readonly #logger: Logger;
  readonly #listeners = new Set<(event: SpeakerEvent) => void>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  subscribe(listener: (event: SpeakerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A listener that throws concerns nobody else. */
  emit(event: SpeakerEvent): void {
    this.#log(event);
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#logger.error('a listener of speaker events failed', { error: String(error) });
      }
    }
  }

  #log(event: SpeakerEvent): void {
    switch (event.kind) {
      case 'peerState': {
        const { peer, from, to, reason } = event;
        const concernsSession = from === 'Established' || to === 'Established';
        this.#logger[concernsSession ? 'info' : 'debug']('session state', { peer, from, to, reason });
        break;
      }
      case 'notification':
        this.#logger.info(`NOTIFICATION ${event.error.direction}`, { peer: event.peer, ...event.error });
        break;
      case 'refused': {
        const { address, neighbor, reason } = event;
        this.#logger[neighbor === null ? 'debug' : 'info']('connection refused', {
          address,
          neighbor,
          reason,
        });
        break;
      }
      case 'listening':
        this.#logger.info('listening', { address: event.address, port: event.port });
        break;
      case 'listenFailed': {
        const { address, port, reason } = event;
        this.#logger.error('cannot listen, trying again', { address, port, reason });
      }
    }
  }
}
