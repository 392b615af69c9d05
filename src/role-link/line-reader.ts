/** Splits a byte stream into lines of bounded length. */
import { StringDecoder } from 'node:string_decoder';

/** A message of more characters than this ends the connection: the other end is not one of ours. */
export const MAX_LINE_LENGTH = 16 * 1024 * 1024;

/**
 * @returns a function that takes each chunk and calls `onLine` for every whole line, without its line feed
 * @throws Error (from that function) when a line grows beyond `maxLength`
 */
export function createLineReader(
  onLine: (line: string) => void,
  maxLength = MAX_LINE_LENGTH,
): (chunk: Uint8Array) => void {
  const decoder = new StringDecoder('utf8');
  let pieces: string[] = [];
  let length = 0;
  return (chunk) => {
    const text = decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const line = pieces.join('') + text.slice(start, end);
      pieces = [];
      length = 0;
      start = end + 1;
      onLine(line);
    }
    if (start < text.length) {
      pieces.push(start === 0 ? text : text.slice(start));
      length += text.length - start;
      if (length > maxLength) throw new Error(`a line is longer than ${maxLength} characters`);
    }
  };
}
