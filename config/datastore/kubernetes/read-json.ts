/** JSON as Kubernetes writes it: whole answers, and streams of one object per line. */
import type { Readable } from 'node:stream';

/** Integers beyond 2^53 keep their value, as bigint: IPAM's sequence numbers are nanoseconds. */
const BIG = /(?:":|[[,])\s*-?\d{16}/;

/** @throws SyntaxError */
export function parseJson(text: string): unknown {
  if (!BIG.test(text)) return JSON.parse(text);
  return JSON.parse(text, exactInteger as (key: string, value: unknown) => unknown);
}

function exactInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** @throws Error when the connection breaks, or when there is more than `maxBytes` */
export async function readText(body: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Lines without their ends; a last one without an end was cut off, and is left out. */
export async function* readLines(body: Readable, maxBytes: number): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...pending, chunk.subarray(start, end)]).toString('utf8');
      pending = [];
      size = 0;
      start = end + 1;
      if (line.trim() !== '') yield line;
    }
    if (start === chunk.length) continue;
    size += chunk.length - start;
    if (size > maxBytes) throw new Error(`an object is larger than ${maxBytes} bytes`);
    pending.push(chunk.subarray(start));
  }
}
