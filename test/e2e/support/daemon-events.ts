/**
 * Follows `/api/v1/events` of a daemon, so that tests wait for what happens instead of asking again and again,
 * and know when it happened.
 */
import { get, type IncomingMessage } from 'node:http';
import { Changes, DEFAULT_DEADLINE_MS } from '../../harness/deadline.ts';

/** What tests read of an event; fields that its kind does not have are undefined. */
export interface ShownEvent {
  readonly kind: string;
  /** RFC 3339, by the clock of the daemon. */
  readonly at: string;
  readonly peer?: string | null;
  readonly to?: string;
  readonly prefix?: string;
  /** Of a route event: null where the route is gone. */
  readonly nextHop?: string | null;
  readonly address?: string;
  readonly reason?: string;
}

export class DaemonEvents {
  readonly events: ShownEvent[] = [];
  readonly #response: IncomingMessage;
  readonly #changes = new Changes();
  #rest = '';

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    response.on('error', () => {}); // it ends with the daemon
  }

  /** Resolves once the daemon has said that it listens to us: later events are all seen. */
  static async open(httpPort: number): Promise<DaemonEvents> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ host: '127.0.0.1', port: httpPort, path: '/api/v1/events' }, resolve).once('error', reject);
    });
    return new DaemonEvents(response);
  }

  /** The first event that `matches`, of those seen since event number `from` or still to come. */
  until(
    matches: (event: ShownEvent) => boolean,
    what: string,
    options: { readonly from?: number; readonly deadlineMs?: number } = {},
  ): Promise<ShownEvent> {
    const { from = 0, deadlineMs = DEFAULT_DEADLINE_MS } = options;
    return this.#changes.until(() => this.events.slice(from).find(matches), `event: ${what}`, deadlineMs);
  }

  close(): void {
    this.#response.destroy();
  }

  #receive(text: string): void {
    const messages = (this.#rest + text).split('\n\n');
    this.#rest = messages.pop() ?? '';
    for (const message of messages) {
      const data = message.split('\n').find((line) => line.startsWith('data: '));
      if (data !== undefined) this.events.push(JSON.parse(data.slice('data: '.length)) as ShownEvent);
    }
    this.#changes.notify();
  }
}
