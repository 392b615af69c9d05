/** One page of a list of unknown length. */

export interface Page<Item> {
  readonly items: readonly Item[];
  /** From 1. */
  readonly number: number;
  readonly hasNext: boolean;
}

/** Takes one page out of batches; the source is closed once the page and the item behind it are known. */
export async function takePage<Item>(
  batches: AsyncIterable<readonly Item[]>,
  number: number,
  size: number,
): Promise<Page<Item>> {
  let skip = (number - 1) * size;
  const items: Item[] = [];
  for await (const batch of batches) {
    if (skip >= batch.length) {
      skip -= batch.length;
      continue;
    }
    items.push(...batch.slice(skip, skip + size + 1 - items.length));
    skip = 0;
    if (items.length > size) break;
  }
  return { items: items.slice(0, size), number, hasNext: items.length > size };
}

/** The page that a query parameter asks for; anything that is no positive number is the first. */
export function pageNumber(text: string | null): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= 1 ? number : 1;
}
