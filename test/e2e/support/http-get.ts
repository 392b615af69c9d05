/** One HTTP request to a daemon, over TCP or over its control socket, whatever the status. */
import { request } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface HttpQuestion {
  /** Port on 127.0.0.1, or path of the control socket. */
  readonly at: number | string;
  readonly path: string;
  readonly method?: string;
  readonly accept?: string;
}

export function httpAsk({ at, path, method = 'GET', accept }: HttpQuestion): Promise<HttpAnswer> {
  const where = typeof at === 'number' ? { host: '127.0.0.1', port: at } : { socketPath: at };
  return new Promise((resolve, reject) => {
    const headers = accept === undefined ? {} : { accept };
    const asked = request({ ...where, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}
