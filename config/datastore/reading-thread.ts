/**
 * Reads large resource files in a Worker, so that parsing holds up nobody. Documents come in batches that the
 * reader asks for one by one. A Worker that dies (out of memory, say) costs the file that it was reading, and the next
 * one starts anew.
 */
import { Worker } from 'node:worker_threads';
import type { ReadDocument } from './read-documents.ts';
import type { BatchReply, BatchRequest } from './reading-worker.ts';

/** Heap of the Worker, MiB: beyond it the Worker ends, and not the process. */
const MAX_HEAP_MIB = 2048;

export class ReadingThread {
  #worker: Worker | null = null;
  #isClosed = false;
  #waiting: { resolve: (reply: BatchReply) => void; reject: (error: Error) => void } | null = null;

  /** @throws Error when the file cannot be read, or the Worker died of it */
  async *read(file: string): AsyncGenerator<readonly ReadDocument[]> {
    let reply = await this.#ask({ file });
    while (true) {
      if (reply.error !== null) throw Object.assign(new Error(reply.error.text), { code: reply.error.code });
      yield reply.documents;
      if (reply.isLast) return;
      reply = await this.#ask({ file: null });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
  }

  async #ask(request: BatchRequest): Promise<BatchReply> {
    if (this.#isClosed) throw new Error('reading has been stopped');
    const worker = this.#worker ?? this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      worker.postMessage(request);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./reading-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    });
    worker.unref();
    let failure = new Error('the thread that was reading it ended');
    worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('message', (reply: BatchReply) => this.#take()?.resolve(reply));
    worker.once('exit', () => {
      this.#worker = null;
      this.#take()?.reject(failure);
    });
    this.#worker = worker;
    return worker;
  }

  #take() {
    const waiting = this.#waiting;
    this.#waiting = null;
    return waiting;
  }
}
