/** A plain HTTPS client of an API server: the tests' own view of it, independent of the product's. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface ApiResponse {
  readonly status: number;
  /** Parsed where it is JSON, else text. */
  readonly body: unknown;
}

export interface Credentials {
  readonly authority: string;
  /** Paths of a client certificate and its key, or a bearer token. */
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
}

interface Discovered {
  readonly plural: string;
  readonly namespaced: boolean;
}

export type PatchKind = 'merge' | 'strategic-merge';

const REQUEST_DEADLINE_MS = 60_000;
const PARALLEL_REQUESTS = 8;

export class ApiClient {
  readonly url: string;
  readonly #credentials: Credentials;
  readonly #agent: Agent;
  readonly #resources = new Map<string, Discovered>();

  constructor(url: string, credentials: Credentials) {
    this.url = url;
    this.#credentials = credentials;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: PARALLEL_REQUESTS,
      ca: readFileSync(credentials.authority),
      ...(credentials.certificate === undefined ? {} : { cert: readFileSync(credentials.certificate) }),
      ...(credentials.key === undefined ? {} : { key: readFileSync(credentials.key) }),
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Any status is an answer. @throws Error when there is none. */
  request(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<ApiResponse> {
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const outgoing = request(
        new URL(path, this.url),
        {
          method,
          agent: this.#agent,
          timeout: REQUEST_DEADLINE_MS,
          headers: {
            accept: 'application/json',
            ...(payload === undefined
              ? {}
              : { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) }),
            ...(this.#credentials.token === undefined
              ? {}
              : { authorization: `Bearer ${this.#credentials.token}` }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: incoming.statusCode ?? 0, body: parsed(text) });
          });
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }

  /** The body of a request that must succeed. @throws Error with what the server said. */
  async must(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown> {
    const response = await this.request(method, path, body, contentType);
    if (response.status < 200 || response.status > 299) {
      throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(response.body)}`);
    }
    return response.body;
  }

  /** Path of an object, by what the server says of its kind. @throws Error for a kind that it does not serve. */
  async pathOf(object: KubernetesObject): Promise<string> {
    return `${await this.#collectionOf(object)}/${object.metadata.name}`;
  }

  async create(object: KubernetesObject): Promise<KubernetesObject> {
    return (await this.must('POST', await this.#collectionOf(object), object)) as KubernetesObject;
  }

  /** Creates all, several at once; one after another where a later one may need an earlier one's kind. */
  async createAll(objects: readonly KubernetesObject[]): Promise<void> {
    for (let next = 0; next < objects.length; next += PARALLEL_REQUESTS) {
      await Promise.all(objects.slice(next, next + PARALLEL_REQUESTS).map((object) => this.create(object)));
    }
  }

  async read(object: KubernetesObject): Promise<KubernetesObject> {
    return (await this.must('GET', await this.pathOf(object))) as KubernetesObject;
  }

  /** Changes what `change` names. @param subresource such as `status`. */
  async patch(
    object: KubernetesObject,
    change: unknown,
    subresource = '',
    kind: PatchKind = 'merge',
  ): Promise<KubernetesObject> {
    const path = `${await this.pathOf(object)}${subresource === '' ? '' : `/${subresource}`}`;
    return (await this.must('PATCH', path, change, `application/${kind}-patch+json`)) as KubernetesObject;
  }

  /** Deletes it at once, without grace period. */
  async delete(object: KubernetesObject): Promise<void> {
    await this.must('DELETE', `${await this.pathOf(object)}?gracePeriodSeconds=0`);
  }

  async #collectionOf(object: KubernetesObject): Promise<string> {
    const root = object.apiVersion === 'v1' ? '/api/v1' : `/apis/${object.apiVersion}`;
    const key = `${object.apiVersion} ${object.kind}`;
    if (!this.#resources.has(key)) await this.#discover(object.apiVersion, root);
    const found = this.#resources.get(key);
    if (found === undefined) throw new Error(`the API server does not serve ${key}`);
    if (!found.namespaced) return `${root}/${found.plural}`;
    return `${root}/namespaces/${object.metadata.namespace ?? 'default'}/${found.plural}`;
  }

  async #discover(apiVersion: string, root: string): Promise<void> {
    const list = (await this.must('GET', root)) as {
      resources: { name: string; kind: string; namespaced: boolean }[];
    };
    for (const { name, kind, namespaced } of list.resources) {
      if (!name.includes('/')) this.#resources.set(`${apiVersion} ${kind}`, { plural: name, namespaced });
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
