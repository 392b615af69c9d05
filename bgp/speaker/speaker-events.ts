/** Delivers events to listeners and to the log. */
import type { LimitedLog } from './limited-log.ts';
import type { Logger } from './speaker-api.ts';
import type { SpeakerEvent } from './speaker-status.ts';

/** Log lines a minute: of a peer with each message, of a refused source. */
const LINES_OF_PEER = 10;
const LINES_OF_STRANGER = 1;

export class SpeakerEvents {
  readonly #logger: Logger;
  readonly #limited: LimitedLog;
  readonly #listeners = new Set<(event: SpeakerEvent) => void>();

  /** @param limited for what peers and strangers can cause as often as they like */
  constructor(logger: Logger, limited: LimitedLog) {
    this.#logger = logger;
    this.#limited = limited;
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
        if (!concernsSession) this.#logger.debug('session state', { peer, from, to, reason });
        else this.#write('info', 'session state', { peer }, { from, to, reason }, LINES_OF_PEER);
        break;
      }
      case 'notification': {
        const { peer, error } = event;
        this.#write('info', `NOTIFICATION ${error.direction}`, { peer }, { ...error }, LINES_OF_PEER);
        break;
      }
      case 'refused': {
        const { address, neighbor, reason } = event;
        this.#write('info', 'connection refused', { address }, { neighbor, reason }, LINES_OF_STRANGER);
        break;
      }
      case 'listening':
        this.#logger.info('listening', { address: event.address, port: event.port });
        break;
      case 'listenFailed': {
        const { address, port, reason } = event;
        this.#logger.error('cannot listen, trying again', { address, port, reason });
        break;
      }
      case 'problem':
        this.#write('error', event.text, { object: event.object }, {}, LINES_OF_STRANGER);
    }
  }

  #write(
    level: keyof Logger,
    message: string,
    subject: Readonly<Record<string, string>>,
    fields: Readonly<Record<string, unknown>>,
    perMinute: number,
  ): void {
    this.#limited.write({ level, message, subject, fields, perMinute });
  }
}
