/** Asking the daemon of this machine over its control socket. */
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { CommandError, ExitCode } from '../cli/command-error.ts';

import { request } from '../http/node-http.ts';
import { NDJSON } from '../http/responses.ts';

/** An answer of the daemon other than success; `status` is that of HTTP. */
export class DaemonRefusal extends CommandError {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message, status === 400 ? ExitCode.Usage : ExitCode.Failure);
    this.status = status;
  }
}

/** No process answers at the socket. */
export class NoDaemon extends CommandError {}

export class ControlClient {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** One JSON value. */
  async get(target: string): Promise<unknown> {
    return JSON.parse(await this.#text(await this.#open('GET', target)));
  }

  async post(target: string, body: unknown): Promise<unknown> {
    return JSON.parse(await this.#text(await this.#open('POST', target, JSON.stringify(body))));
  }

  /**
   * Rows of a list, in batches as they arrive.
   * @throws CommandError when the daemon goes away before the last row
   */
  async rows(target: string): Promise<AsyncIterable<readonly unknown[]>> {
    return this.#rowsOf(await this.#open('GET', target));
  }

  /** Data of server-sent events, until the daemon goes away. */
  async *events(target: string): AsyncGenerator<unknown> {
    const response = await this.#open('GET', target);
    const lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY });
    try {
      for await (const line of lines) if (line.startsWith('data: ')) yield JSON.parse(line.slice(6));
    } catch {
      // The connection was cut: the end of the stream, as below.
    } finally {
      response.destroy();
    }
    throw new CommandError(`the daemon at ${this.path} has closed the event stream`);
  }

  async *#rowsOf(response: IncomingMessage): AsyncGenerator<readonly unknown[]> {
    let rest = '';
    response.setEncoding('utf8');
    try {
      for await (const chunk of response) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        const batch = lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line));
        if (batch.length > 0) yield batch;
      }
    } catch (error) {
      if (!response.complete) throw new CommandError(`the daemon at ${this.path} has cut its answer short`);
      throw error;
    }
    if (rest !== '') yield [JSON.parse(rest)];
  }

  async #text(response: IncomingMessage): Promise<string> {
    let text = '';
    response.setEncoding('utf8');
    for await (const chunk of response) text += chunk;
    return text;
  }

  #open(method: 'GET' | 'POST', target: string, body?: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        socketPath: this.path,
        path: target,
        method,
        headers: {
          accept: NDJSON,
          connection: 'close',
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      });
      outgoing.once('error', (error: NodeJS.ErrnoException) => reject(connectFailure(this.path, error)));
      outgoing.once('response', (response) => {
        if (response.statusCode === 200) resolve(response);
        else this.#refusal(response).then(reject, reject);
      });
      outgoing.end(body);
    });
  }

  async #refusal(response: IncomingMessage): Promise<DaemonRefusal> {
    const status = response.statusCode ?? 0;
    const text = await this.#text(response);
    try {
      const { error } = JSON.parse(text) as { readonly error?: unknown };
      return new DaemonRefusal(status, String(error));
    } catch {
      return new DaemonRefusal(status, `the daemon at ${this.path} answers with status ${status}`);
    }
  }
}

function connectFailure(path: string, error: NodeJS.ErrnoException): CommandError {
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') {
    return new NoDaemon(
      `no daemon answers at ${path}: start one with "manul run", or name its socket with --control`,
    );
  }
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new CommandError(`no permission to use the control socket ${path}`);
  }
  return new CommandError(`control socket ${path}: ${error.message}`);
}
