/**
 * Finds the attributes of one UPDATE and checks everything that does not depend on their values: framing,
 * flags, duplicates (RFC 7606 §3, §4). One instance serves a session's UPDATEs one after the other.
 */
import { type Notification, updateError } from '../notification.ts';
import { AttributeFlag, AttributeType } from './attribute-type.ts';
import { expectedFlags, UNRECOGNIZED } from './registry.ts';

const OPTIONAL_OR_TRANSITIVE = AttributeFlag.Optional | AttributeFlag.Transitive;

export class AttributeScan {
  /** Type codes present, ascending, each once. */
  readonly codes = new Uint8Array(256);
  count = 0;
  /** First octet of the value, and its length, by type code; valid for the codes listed only. */
  readonly valueAt = new Int32Array(256);
  readonly valueLength = new Int32Array(256);
  readonly flags = new Uint8Array(256);
  /** Why the UPDATE's routes must be treated as withdrawn, or null. */
  malformed: string | null = null;
  /** Why the session must be reset, or null. */
  reset: Notification | null = null;
  /** Reason for `reset`, for the log. */
  text = '';
  /** Number of the scan that saw each type code last; saves clearing between scans. */
  readonly #seenIn = new Uint32Array(256);
  #scan: number;

  /** @param scansBefore how many scans are behind it; their number is an unsigned 32-bit integer that wraps. */
  constructor(scansBefore = 0) {
    this.#scan = scansBefore;
  }

  has(code: number): boolean {
    return this.#seenIn[code] === this.#scan;
  }

  /** Where the whole attribute lies, its flags, type and length octets included; for a code that is present only. */
  extent(code: number): { readonly start: number; readonly end: number } {
    const at = this.valueAt[code]!;
    const header = (this.flags[code]! & AttributeFlag.ExtendedLength) !== 0 ? 4 : 3;
    return { start: at - header, end: at + this.valueLength[code]! };
  }

  /** Scans bytes[start, end), the Path Attributes field. The bytes are viewed, not copied. */
  scan(bytes: Uint8Array, start: number, end: number): void {
    this.#startScan();
    this.count = 0;
    this.malformed = null;
    this.reset = null;
    let at = start;
    while (at < end && this.reset === null) {
      const flags = bytes[at]!;
      const code = bytes[at + 1]!;
      const isExtended = (flags & AttributeFlag.ExtendedLength) !== 0;
      const header = isExtended ? 4 : 3;
      if (end - at < header) {
        this.malformed ??= 'the attributes end inside an attribute header';
        return;
      }
      const length = isExtended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!;
      const value = at + header;
      if (length > end - value) {
        this.malformed ??= `attribute ${code} claims ${length} octets where ${end - value} are left`;
        return;
      }
      this.#note(bytes, at, flags, code, value, length);
      at = value + length;
    }
  }

  #note(bytes: Uint8Array, at: number, flags: number, code: number, value: number, length: number): void {
    const isMp = code === AttributeType.MpReachNlri || code === AttributeType.MpUnreachNlri;
    if (this.#seenIn[code] === this.#scan) {
      // RFC 7606 §3(g): a second MP attribute resets, of any other the first counts.
      if (isMp) this.#fail(updateError.malformedAttributeList(), `attribute ${code} occurs twice`);
      return;
    }
    const expected = expectedFlags[code]!;
    if (expected === UNRECOGNIZED) {
      if ((flags & AttributeFlag.Optional) === 0) {
        // RFC 4271 §6.3: without knowing a well-known attribute its route cannot be understood.
        const attribute = bytes.subarray(at, value + length);
        const text = `attribute ${code} is well-known but not recognised`;
        this.#fail(updateError.unrecognizedWellKnownAttribute(attribute), text);
        return;
      }
    } else if (((flags ^ expected) & OPTIONAL_OR_TRANSITIVE) !== 0) {
      const text = `attribute ${code} has flags 0x${flags.toString(16)}`;
      // RFC 7606 §3(c); an MP attribute is then as incorrect as one with broken NLRI (§5.3).
      if (isMp) this.#fail(updateError.optionalAttribute(bytes.subarray(at, value + length)), text);
      // RFC 7311 §3: a malformed AIGP is discarded, whatever its flags are.
      else if (code !== AttributeType.Aigp) this.malformed ??= text;
    }
    this.#seenIn[code] = this.#scan;
    this.valueAt[code] = value;
    this.valueLength[code] = length;
    this.flags[code] = flags;
    let i = this.count++;
    for (; i > 0 && this.codes[i - 1]! > code; i--) this.codes[i] = this.codes[i - 1]!;
    this.codes[i] = code;
  }

  #fail(notification: Notification, text: string): void {
    this.reset = notification;
    this.text = text;
  }

  /** Numbers the next scan. Once in four billion the numbers begin anew. */
  #startScan(): void {
    this.#scan = (this.#scan + 1) >>> 0;
    if (this.#scan > 0) return;
    this.#seenIn.fill(0);
    this.#scan = 1;
  }
}
