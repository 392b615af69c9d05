import { Readable } from 'node:stream';
import { parseJson, readLines } from '../../../../config/datastore/kubernetes/read-json.ts';

test('integers beyond 2^53 keep their value, others are plain numbers', () => {
  expect(
    parseJson('{"sequenceNumber": 1787654321098765432, "a": [1, 1787654321098765431], "b": 1.5}'),
  ).toEqual({
    sequenceNumber: 1787654321098765432n,
    a: [1, 1787654321098765431n],
    b: 1.5,
  });
});

test('digits inside of texts stay texts', () => {
  const text = '{"a":"sha256:00000000000000000000","b":",1787654321098765432","c":12}';
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

async function linesOf(chunks: readonly (string | Buffer)[], maxBytes = 100): Promise<string[]> {
  const lines: string[] = [];
  const body = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  for await (const line of readLines(body, maxBytes)) lines.push(line);
  return lines;
}

test('lines are put together over chunks, in the middle of a character too; an unfinished one is left out', async () => {
  const umlaut = Buffer.from('ä');
  expect(await linesOf(['a', 'b\nc\n\n', umlaut.subarray(0, 1), umlaut.subarray(1), '\nrest'])).toEqual([
    'ab',
    'c',
    'ä',
  ]);
});

test('a line that never ends does not fill the memory', async () => {
  await expect(linesOf(Array.from({ length: 20 }, () => '0123456789'))).rejects.toThrow(
    'larger than 100 bytes',
  );
});
