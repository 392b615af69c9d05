/**
 * A prefix as numbers, to be filled again and again: of a hundred thousand routes each would else cost a text, and
 * parsing and formatting it on the way.
 */
import { type Family, formatAddress, formatPrefix, type Prefix, parsePrefix } from '@manul/bgp/net';

const SLASH = 47;
const DOT = 46;
const ZERO = 48;
const bytes = new Uint8Array(16);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
const SHARED_IPV4: Mutable<Prefix> = { family: 'ipv4', bytes: new Uint8Array(4), length: 0 };
const SHARED_IPV6: Mutable<Prefix> = { family: 'ipv6', bytes: new Uint8Array(16), length: 0 };

export class PrefixKey {
  isIpv6 = false;
  length = 0;
  /** The address in words of 32 bits, network order; of IPv4 only the first one counts, the others are 0. */
  word0 = 0;
  word1 = 0;
  word2 = 0;
  word3 = 0;
  /** Text that is no canonical prefix stands for itself; null for a prefix. */
  odd: string | null = null;

  static of(text: string): PrefixKey {
    return new PrefixKey().parse(text);
  }

  get family(): Family {
    return this.isIpv6 ? 'ipv6' : 'ipv4';
  }

  get isHost(): boolean {
    return this.odd === null && this.length === (this.isIpv6 ? 128 : 32);
  }

  setIpv4(word: number, length: number): void {
    this.isIpv6 = false;
    this.length = length;
    this.word0 = word;
    this.word1 = 0;
    this.word2 = 0;
    this.word3 = 0;
    this.odd = null;
  }

  /** The address in words[at…at + 3]. */
  setIpv6(words: Int32Array, at: number, length: number): void {
    this.isIpv6 = true;
    this.length = length;
    this.word0 = words[at]!;
    this.word1 = words[at + 1]!;
    this.word2 = words[at + 2]!;
    this.word3 = words[at + 3]!;
    this.odd = null;
  }

  /** @returns this */
  parse(text: string): this {
    if (this.#parseIpv4(text)) return this;
    const prefix = parsePrefix(text);
    if (prefix === null || formatPrefix(prefix) !== text) {
      this.setIpv4(0, 0);
      this.isIpv6 = text.includes(':');
      this.odd = text;
      return this;
    }
    const view = new DataView(prefix.bytes.buffer, prefix.bytes.byteOffset);
    this.setIpv4(view.getInt32(0), prefix.length);
    this.isIpv6 = prefix.family === 'ipv6';
    if (!this.isIpv6) return this;
    this.word1 = view.getInt32(4);
    this.word2 = view.getInt32(8);
    this.word3 = view.getInt32(12);
    return this;
  }

  /** Copies the octets of the address to out[at…]: 4 or 16 of them. */
  writeAddress(out: Uint8Array, at: number): void {
    writeWord(out, at, this.word0);
    if (!this.isIpv6) return;
    writeWord(out, at + 4, this.word1);
    writeWord(out, at + 8, this.word2);
    writeWord(out, at + 12, this.word3);
  }

  /** Canonical text. */
  text(): string {
    if (this.odd !== null) return this.odd;
    this.writeAddress(bytes, 0);
    return `${formatAddress(bytes, 0, this.isIpv6 ? 16 : 4)}/${this.length}`;
  }

  /** As a value that holds until this is called again, for whichever key. */
  sharedPrefix(): Prefix {
    const shared = this.isIpv6 ? SHARED_IPV6 : SHARED_IPV4;
    this.writeAddress(shared.bytes, 0);
    shared.length = this.length;
    return shared;
  }

  /** Reads `a.b.c.d/n` without leading zeros and host bits; leaves every other form to `parsePrefix`. */
  #parseIpv4(text: string): boolean {
    let word = 0;
    let value = 0;
    let digits = 0;
    let parts = 0;
    let i = 0;
    for (; i < text.length && parts < 4; i++) {
      const code = text.charCodeAt(i);
      if (code === (parts === 3 ? SLASH : DOT)) {
        if (digits === 0 || value > 255) return false;
        word = (word << 8) | value;
        parts++;
        value = 0;
        digits = 0;
        continue;
      }
      if (code < ZERO || code > ZERO + 9 || (digits > 0 && value === 0) || ++digits > 3) return false;
      value = value * 10 + code - ZERO;
    }
    const length = parts === 4 ? lengthAt(text, i) : -1;
    if (length < 0 || length > 32 || (length < 32 && (word & (-1 >>> length)) !== 0)) return false;
    this.setIpv4(word, length);
    return true;
  }
}

/** The number of one or two digits that `text` ends with at `at`, or -1. */
function lengthAt(text: string, at: number): number {
  const first = text.charCodeAt(at) - ZERO;
  if (at + 1 === text.length) return first >= 0 && first <= 9 ? first : -1;
  const second = text.charCodeAt(at + 1) - ZERO;
  const isNumber = at + 2 === text.length && first > 0 && first <= 9 && second >= 0 && second <= 9;
  return isNumber ? first * 10 + second : -1;
}

function writeWord(out: Uint8Array, at: number, word: number): void {
  out[at] = word >>> 24;
  out[at + 1] = word >>> 16;
  out[at + 2] = word >>> 8;
  out[at + 3] = word;
}
