/** Writing results to standard output without holding more than one piece in memory. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** The reader of our output went away (`manul routes | head`): no failure, but nothing is left to do. */
export class OutputClosed extends Error {}

/** Writes `text` and waits until the stream wants more. */
export async function writeText(output: Writable, text: string): Promise<void> {
  if (output.destroyed || output.writableEnded) throw new OutputClosed();
  if (output.write(text)) return;
  const closed = new AbortController();
  const onClose = (): void => closed.abort();
  output.once('close', onClose);
  try {
    await once(output, 'drain', { signal: closed.signal });
  } catch {
    throw new OutputClosed();
  } finally {
    output.off('close', onClose);
  }
}
