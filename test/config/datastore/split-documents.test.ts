import { splitDocuments } from '../../../config/datastore/split-documents.ts';

function split(text: string): [number, string][] {
  return splitDocuments(text).map((document) => [document.firstLine, document.text.trim()]);
}

describe('splitDocuments', () => {
  test('cuts at --- and says on which line each document begins', () => {
    expect(split('a: 1\n---\nb: 2\nc: 3\n---\nd: 4')).toEqual([
      [1, 'a: 1'],
      [2, '---\nb: 2\nc: 3'],
      [5, '---\nd: 4'],
    ]);
  });

  test('text behind --- belongs to the document; dashes that are no marker do not cut', () => {
    expect(split('--- {a: 1}\n--- # comment\nb: ----\n---x: 1')).toEqual([
      [1, '--- {a: 1}'],
      [2, '--- # comment\nb: ----\n---x: 1'],
    ]);
  });

  test('... ends a document, also without --- after it', () => {
    expect(split('a: 1\n...\nb: 2')).toEqual([
      [1, 'a: 1'],
      [2, 'b: 2'],
    ]);
  });

  test('directives stay with the document that follows them', () => {
    expect(split('a: 1\n...\n%YAML 1.2\n---\nb: 2')).toEqual([
      [1, 'a: 1'],
      [2, '%YAML 1.2\n---\nb: 2'],
    ]);
  });

  test('carriage returns and a byte order mark', () => {
    expect(split('\uFEFFa: 1\r\n---\r\nb: 2\r\n')).toEqual([
      [1, 'a: 1'],
      [2, '---\r\nb: 2'],
    ]);
  });
});
