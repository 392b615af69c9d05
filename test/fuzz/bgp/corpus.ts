/** UPDATEs to mutate: those of other implementations, and every case that led to an outcome not seen before. */
import { fromHex } from '../../vectors/session-messages.ts';
import { UPDATE_VECTORS } from '../../vectors/update-messages.ts';
import type { Random } from './random.ts';

const MAX_KEPT = 4096;
const MAX_OCTETS = 1500;

export class Corpus {
  readonly #bodies: Uint8Array[] = UPDATE_VECTORS.map(({ body }) => fromHex(body));
  readonly #outcomes = new Set<string>();

  get size(): number {
    return this.#bodies.length;
  }

  get outcomes(): number {
    return this.#outcomes.size;
  }

  /** Keeps `body` where its outcome is new. */
  note(outcome: string, body: Uint8Array): void {
    if (this.#outcomes.has(outcome)) return;
    this.#outcomes.add(outcome);
    if (this.#bodies.length < MAX_KEPT && body.length <= MAX_OCTETS) this.#bodies.push(body.slice());
  }

  /** One of them, changed in up to four places. */
  mutant(random: Random): Uint8Array {
    let body: Uint8Array = random.pick(this.#bodies).slice();
    for (let i = random.below(4); i >= 0; i--) body = this.#change(body, random);
    if (random.oneIn(2)) repairLengths(body);
    return body;
  }

  #change(body: Uint8Array, random: Random): Uint8Array {
    if (body.length === 0) return body;
    const at = random.below(body.length);
    switch (random.below(7)) {
      case 0:
        body[at] = random.below(256);
        return body;
      case 1:
        body[at]! ^= 1 << random.below(8);
        return body;
      case 2:
        body[at] = random.pick([0, 1, 127, 128, 255]);
        return body;
      case 3:
        return joined(body.subarray(0, at), body.subarray(at + 1 + random.below(8)));
      case 4:
        return joined(body.subarray(0, at), Uint8Array.of(random.below(256)), body.subarray(at));
      case 5: // a part twice
        return joined(body.subarray(0, at + random.below(16)), body.subarray(at));
      default: {
        // the rest of another
        const other = random.pick(this.#bodies);
        return joined(body.subarray(0, at), other.subarray(random.below(other.length + 1)));
      }
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts)).subarray(0, MAX_OCTETS);
}

/** Makes the two length fields fit what is there, so that most mutants reach the attributes. */
function repairLengths(body: Uint8Array): void {
  if (body.length < 4) return;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const withdrawn = Math.min(view.getUint16(0), body.length - 4);
  view.setUint16(0, withdrawn);
  view.setUint16(2 + withdrawn, Math.min(view.getUint16(2 + withdrawn), body.length - 4 - withdrawn));
}
