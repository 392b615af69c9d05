/** UPDATE bodies by grammar: mostly well formed, each part now and then broken in one of the ways it can break. */
import type { ByteSink } from './byte-sink.ts';
import type { Random } from './random.ts';

const FLAGS = new Map([
  [1, 0x40],
  [2, 0x40],
  [3, 0x40],
  [4, 0x80],
  [5, 0x40],
  [6, 0x40],
  [7, 0xc0],
  [8, 0xc0],
  [9, 0x80],
  [10, 0x80],
  [14, 0x80],
  [15, 0x80],
  [16, 0xc0],
  [17, 0xc0],
  [18, 0xc0],
  [26, 0x80],
  [32, 0xc0],
  [35, 0xc0],
]);
/** Every attribute that the speaker knows; the fuzzer's test asks for all of them. */
export const KNOWN_ATTRIBUTES = [...FLAGS.keys()];
const MANDATORY = [1, 2, 3, 5];
const OTHERS = KNOWN_ATTRIBUTES.filter((code) => !MANDATORY.includes(code));
const ASNS = [64500, 65001, 23456, 4_200_000_001, 64999, 0];
const HOPS4 = [0xc0000201, 0x0a000064, 0, 0xe0000005, 0xffffffff, 0xf0000001];
const HOPS6 = ['20010db8', 'fe800000', 'ff020000', '00000000'];

export class UpdateGrammar {
  readonly #random: Random;
  readonly #sink: ByteSink;

  constructor(random: Random, sink: ByteSink) {
    this.#random = random;
    this.#sink = sink;
  }

  /** Writes one body. @param asOctets of the session; @param hasPathId of its NLRI */
  write(asOctets: 2 | 4, hasPathId: boolean): void {
    const r = this.#random;
    const sink = this.#sink;
    const lie = (): number => (r.oneIn(60) ? r.below(9) - 4 : 0);
    sink.counted16(() => {
      if (r.oneIn(4)) this.#prefixes(4, hasPathId);
    }, lie());
    const hasPlain = r.oneIn(2);
    sink.counted16(() => this.#attributes(asOctets, hasPathId, hasPlain), lie());
    if (hasPlain) this.#prefixes(4, hasPathId);
  }

  #attributes(asOctets: 2 | 4, hasPathId: boolean, hasPlain: boolean): void {
    const r = this.#random;
    if (r.oneIn(12)) return;
    const codes = r.oneIn(10) ? [] : MANDATORY.filter(() => !r.oneIn(30));
    if (!hasPlain || r.oneIn(3)) codes.push(r.oneIn(3) ? 15 : 14);
    for (let i = r.below(4); i > 0; i--) codes.push(r.oneIn(15) ? r.below(256) : r.pick(OTHERS));
    if (r.oneIn(3)) codes.sort((a, b) => a - b);
    for (const code of codes) this.#attribute(code, asOctets, hasPathId);
    if (r.oneIn(80)) this.#randomOctets(1 + r.below(3));
  }

  #attribute(code: number, asOctets: 2 | 4, hasPathId: boolean): void {
    const r = this.#random;
    const sink = this.#sink;
    const proper = FLAGS.get(code) ?? (r.oneIn(6) ? 0x40 : r.oneIn(2) ? 0xc0 : 0x80);
    const isExtended = r.oneIn(8);
    let flags = proper | (isExtended ? 0x10 : 0) | (r.oneIn(20) ? 0x20 : 0) | (r.oneIn(40) ? r.below(16) : 0);
    if (r.oneIn(60)) flags ^= r.pick([0x80, 0x40, 0xc0]);
    sink.u8(flags).u8(code);
    const at = sink.length;
    sink.put(isExtended ? [0, 0] : [0]);
    const valueAt = sink.length;
    if (r.oneIn(50)) this.#randomOctets(r.below(20));
    else this.#value(code, asOctets, hasPathId);
    if (r.oneIn(60)) sink.length = Math.max(valueAt, sink.length - 1 - r.below(3));
    if (r.oneIn(60)) this.#randomOctets(1 + r.below(3));
    let length = sink.length - valueAt;
    if (!isExtended && length > 255) {
      sink.length = valueAt + 255;
      length = 255;
    }
    if (r.oneIn(120)) length += r.below(7) - 3;
    if (isExtended) sink.bytes[at] = (length >> 8) & 0xff;
    sink.bytes[isExtended ? at + 1 : at] = length & 0xff;
  }

  #value(code: number, asOctets: 2 | 4, hasPathId: boolean): void {
    const r = this.#random;
    const sink = this.#sink;
    switch (code) {
      case 1:
        sink.u8(r.oneIn(30) ? r.below(256) : r.below(3));
        return;
      case 2:
        this.#asPath(asOctets);
        return;
      case 3:
        sink.u32(r.oneIn(20) ? r.pick(HOPS4) : 0xc0000200 + r.below(8));
        return;
      case 6:
        return;
      case 7:
        this.#asn(asOctets);
        sink.u32(r.word());
        return;
      case 14:
        this.#mpReach(hasPathId);
        return;
      case 15:
        this.#mpUnreach(hasPathId);
        return;
      case 17:
        this.#asPath(4);
        return;
      case 18:
        this.#asn(4);
        sink.u32(r.word());
        return;
      case 4:
      case 5:
      case 9:
      case 35:
        sink.u32(this.#number());
        return;
      case 8:
      case 10:
        this.#list(() => sink.u32(this.#community()));
        return;
      case 16:
        this.#list(() => sink.u32(r.word()).u32(r.word()));
        return;
      case 32:
        this.#list(() => sink.u32(r.below(3)).u32(1).u32(r.below(2)));
        return;
      default:
        this.#randomOctets(r.below(30));
    }
  }

  #number(): number {
    const r = this.#random;
    return r.oneIn(4) ? r.pick([0, 0xffffffff, 0x0a000064]) : r.below(1000);
  }

  #community(): number {
    const r = this.#random;
    if (r.oneIn(4)) return 0xffffff00 + r.below(8);
    return r.oneIn(8) ? 0x01010101 : r.word();
  }

  #list(entry: () => void): void {
    for (let i = this.#random.oneIn(30) ? 0 : 1 + this.#random.below(4); i > 0; i--) entry();
  }

  #asn(octets: number): void {
    const r = this.#random;
    const asn = r.oneIn(15) ? r.pick(ASNS) : 65001 + r.below(6);
    if (octets === 4) this.#sink.u32(asn);
    else this.#sink.u16(asn > 0xffff ? 23456 : asn);
  }

  #asPath(octets: number): void {
    const r = this.#random;
    for (let segments = r.below(3); segments > 0; segments--) {
      const count = r.oneIn(40) ? 0 : 1 + r.below(r.oneIn(30) ? 40 : 4);
      this.#sink.u8(r.oneIn(40) ? r.below(6) : 1 + r.below(2)).u8(r.oneIn(60) ? r.below(256) : count);
      for (let i = 0; i < count; i++) this.#asn(octets);
    }
  }

  #afiSafi(): 4 | 16 {
    const r = this.#random;
    const isIpv4 = r.oneIn(4);
    this.#sink.u16(r.oneIn(40) ? r.below(65536) : isIpv4 ? 1 : 2).u8(r.oneIn(40) ? r.below(256) : 1);
    return isIpv4 ? 4 : 16;
  }

  #mpReach(hasPathId: boolean): void {
    const r = this.#random;
    const sink = this.#sink;
    const octets = this.#afiSafi();
    const length = r.oneIn(30) ? r.below(64) : octets === 4 && !r.oneIn(3) ? 4 : r.oneIn(4) ? 32 : 16;
    sink.u8(length);
    if (length === 4) sink.u32(r.pick(HOPS4));
    else if (length === 16 || length === 32) this.#ipv6Hops(length / 16);
    else this.#randomOctets(r.oneIn(4) ? r.below(20) : length);
    sink.u8(r.oneIn(10) ? r.below(256) : 0);
    this.#prefixes(octets, hasPathId);
  }

  /** The second of a pair is mostly link-local (RFC 2545 §3). */
  #ipv6Hops(count: number): void {
    const r = this.#random;
    for (let i = 0; i < count; i++) {
      const lead = r.oneIn(6) ? r.pick(HOPS6) : i === 0 ? HOPS6[0]! : HOPS6[1]!;
      const last = r.oneIn(8) ? 0 : 1 + r.below(4);
      this.#sink.put(Buffer.from(lead, 'hex')).u32(0).u32(0).u32(last);
    }
  }

  #mpUnreach(hasPathId: boolean): void {
    const octets = this.#afiSafi();
    if (!this.#random.oneIn(6)) this.#prefixes(octets, hasPathId);
  }

  #prefixes(octets: 4 | 16, hasPathId: boolean): void {
    const r = this.#random;
    const sink = this.#sink;
    for (let i = r.below(4); i > 0; i--) {
      if (hasPathId) sink.u32(r.below(3));
      const bits = r.oneIn(100)
        ? r.below(256)
        : r.oneIn(4)
          ? r.below(octets * 8 + 1)
          : octets === 4
            ? 24
            : 48;
      sink.u8(bits);
      const count = Math.ceil(bits / 8) - (r.oneIn(150) ? 1 : 0);
      for (let o = 0; o < count; o++) sink.u8(this.#prefixOctet(o, octets));
    }
  }

  /** Few networks, so that the same ones come again; sometimes multicast or link-local ones. */
  #prefixOctet(index: number, octets: 4 | 16): number {
    const r = this.#random;
    if (index === 0) return r.oneIn(30) ? r.pick([0xe0, 0xff, 0xfe, 0xef]) : octets === 4 ? 10 : 0x20;
    if (index === 1 && r.oneIn(30)) return 0x80 + r.below(128);
    return r.oneIn(20) ? r.below(256) : r.below(3);
  }

  #randomOctets(count: number): void {
    for (let i = 0; i < count; i++) this.#sink.u8(this.#random.below(256));
  }
}
