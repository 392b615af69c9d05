/** What the log says about one peer; of what the peer can cause as often as it likes, one line a minute. */
import type { Family } from '../net/index.ts';
import type { LimitedLog } from './limited-log.ts';
import { prefixWarning } from './rib-session.ts';
import type { SessionSettings } from './session-settings.ts';
import type { Logger } from './speaker-api.ts';

export class PeerLog {
  readonly #logger: Logger;
  readonly #limited: LimitedLog;
  readonly #settings: () => SessionSettings;

  constructor(logger: Logger, limited: LimitedLog, settings: () => SessionSettings) {
    this.#logger = logger;
    this.#limited = limited;
    this.#settings = settings;
  }

  attemptFailed(reason: string): void {
    this.#write('debug', 'connection failed', reason);
  }

  plainOpenFollows(): void {
    this.#write('info', 'the peer knows no capabilities', 'the next OPEN goes without');
  }

  keyRefused(error: unknown): void {
    this.#write('error', 'the TCP MD5 key cannot be changed, the session ends', String(error));
  }

  routesKept(seconds: number): void {
    this.#write('info', 'the routes of the peer are kept', `it may restart within ${seconds} s`);
  }

  routesDropped(seconds: number): void {
    this.#write('info', 'the routes of the peer are dropped', `it is not back after ${seconds} s`);
  }

  fault(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#write('error', 'internal fault, the session ends', text);
  }

  updateErrors(text: string): void {
    this.#writeLimited('warn', 'UPDATE with errors', text);
  }

  ignored(text: string): void {
    this.#writeLimited('debug', 'message ignored', text);
  }

  nearLimit(family: Family): void {
    const { config } = this.#settings();
    if (config.maxPrefixes === null) return;
    const text = `${prefixWarning(config.maxPrefixes, config)} of at most ${config.maxPrefixes} ${family} prefixes`;
    this.#writeLimited('warn', 'limit of prefixes is near', text);
  }

  #write(level: keyof Logger, message: string, reason: string): void {
    this.#logger[level](message, { peer: this.#settings().name, reason });
  }

  #writeLimited(level: keyof Logger, message: string, reason: string): void {
    const subject = { peer: this.#settings().name };
    this.#limited.write({ level, message, subject, fields: { reason }, perMinute: 1 });
  }
}
