/**
 * Cuts a YAML stream into its documents. A line that begins with `---` always begins a document, and one that
 * begins with `...` ends it (YAML 1.2.2 §9.1.2 forbids both inside any scalar), so each document can be parsed
 * alone: a broken one spoils no other, and an unchanged one need not be parsed again.
 */
export interface DocumentText {
  readonly text: string;
  /** 1-based line of the file on which `text` begins. */
  readonly firstLine: number;
}

const MARKER = /(?<![^\r\n])(?:---|\.\.\.)(?=[ \t\r\n]|$)/g;

export function splitDocuments(stream: string): DocumentText[] {
  const text = stream.startsWith('\uFEFF') ? stream.slice(1) : stream;
  const starts = [0, ...Array.from(text.matchAll(MARKER), (match) => match.index).filter((at) => at > 0)];
  const documents: DocumentText[] = [];
  let line = 1;
  let pending = '';
  starts.forEach((start, i) => {
    const part = text.slice(start, starts[i + 1]).replace(/^\.\.\./, ''); // the end of the one before
    const whole = pending + part;
    const firstLine = line - countLines(pending);
    line += countLines(part);
    // Directives (%YAML, %TAG) belong to the document that follows them.
    const directivesOnly = /^%/m.test(whole) && !/^(?!%|#|\s*$)/m.test(whole);
    pending = directivesOnly ? whole : '';
    if (!directivesOnly) documents.push({ text: whole, firstLine });
  });
  return documents;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
