/** The Worker behind `reading-thread.ts`: reads one file at a time, and remembers its documents by their text. */
import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { type ReadDocument, readDocuments } from './read-documents.ts';

export interface BatchRequest {
  /** The file to begin with; null for the next batch of the one that was begun. */
  readonly file: string | null;
}

export interface BatchReply {
  readonly documents: readonly ReadDocument[];
  readonly isLast: boolean;
  /** Set: nothing more comes. */
  readonly error: { readonly text: string; readonly code: string | undefined } | null;
}

/** A batch ends after so many documents, or characters of text: taking it over is then a matter of milliseconds. */
const BATCH_DOCUMENTS = 100;
const BATCH_CHARACTERS = 64 * 1024;

const caches = new Map<string, Map<string, readonly ReadDocument[]>>();
let batches: Iterator<readonly ReadDocument[]> = [].values();
let isBegun = false;

function* batchesOf(file: string): Generator<readonly ReadDocument[]> {
  const cache = new Map<string, readonly ReadDocument[]>();
  let batch: ReadDocument[] = [];
  let characters = 0;
  for (const step of readDocuments(readFileSync(file, 'utf8'), caches.get(file) ?? new Map())) {
    cache.set(step.text, step.remembered);
    const share = step.text.length / Math.max(1, step.documents.length);
    for (const document of step.documents) {
      batch.push(document);
      characters += share;
      if (batch.length < BATCH_DOCUMENTS && characters < BATCH_CHARACTERS) continue;
      yield batch;
      batch = [];
      characters = 0;
    }
  }
  caches.set(file, cache);
  yield batch;
}

function answer({ file }: BatchRequest): BatchReply {
  try {
    if (file !== null) {
      batches = batchesOf(file);
      isBegun = true;
    }
    const next = isBegun ? batches.next() : { done: true, value: undefined };
    return { documents: next.value ?? [], isLast: next.done === true, error: null };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return {
      documents: [],
      isLast: true,
      error: { text: error instanceof Error ? error.message : String(error), code },
    };
  }
}

parentPort?.on('message', (request: BatchRequest) => {
  parentPort?.postMessage(answer(request));
});
