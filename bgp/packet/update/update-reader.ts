/**
 * Finds the parts of an UPDATE (RFC 4271 §4.3, RFC 4760 §3, §4) without copying: ranges into the buffer it
 * was given. Values are checked by `CanonicalBlock`; what cannot be framed resets the session (RFC 7606 §3).
 */
import { addressBits, type Family, familyOf, isLinkLocalAt } from '../../net/index.ts';
import { AttributeScan } from '../attributes/attribute-scan.ts';
import { AttributeType } from '../attributes/attribute-type.ts';
import { type Notification, updateError } from '../notification.ts';
import { checkNlri } from './nlri.ts';

/** Which families of a session carry path identifiers, and which were negotiated at all. */
export interface UpdateContext {
  readonly families: ReadonlySet<Family>;
  readonly addPathReceive: ReadonlySet<Family>;
  /** IPv4 routes may come with an IPv6 next hop (RFC 8950 §4). */
  readonly extendedNextHop: boolean;
}

/** A run of NLRI: bytes[at, end). */
export class NlriRange {
  family: Family | null = null;
  at = 0;
  end = 0;
}

export class UpdateReader {
  readonly withdrawn = new NlriRange();
  readonly announced = new NlriRange();
  readonly mpWithdrawn = new NlriRange();
  readonly mpAnnounced = new NlriRange();
  /** The Path Attributes field. */
  attributesAt = 0;
  attributesEnd = 0;
  /** Next hop of MP_REACH_NLRI; -1 without one. */
  mpNextHopAt = -1;
  mpNextHopLength = 0;
  readonly scan = new AttributeScan();
  reset: Notification | null = null;
  /** Reason for `reset`, for the log. */
  text = '';
  endOfRib: Family | null = null;

  /** Reads the three fields of the body bytes[start, end) and checks the IPv4 runs. @returns false on `reset`. */
  readBody(bytes: Uint8Array, start: number, end: number, context: UpdateContext): boolean {
    this.reset = null;
    this.endOfRib = null;
    this.mpNextHopAt = -1;
    this.mpWithdrawn.family = null;
    this.mpAnnounced.family = null;
    const withdrawnEnd = start + 2 + ((bytes[start]! << 8) | bytes[start + 1]!);
    if (withdrawnEnd + 2 > end) return this.#fail('the Withdrawn Routes length exceeds the message');
    const attributesEnd = withdrawnEnd + 2 + ((bytes[withdrawnEnd]! << 8) | bytes[withdrawnEnd + 1]!);
    if (attributesEnd > end) return this.#fail('the Total Path Attribute length exceeds the message');
    this.attributesAt = withdrawnEnd + 2;
    this.attributesEnd = attributesEnd;
    if (end - start === 4 && context.families.has('ipv4')) this.endOfRib = 'ipv4'; // RFC 4724 §2
    return (
      this.#take(this.withdrawn, bytes, 'ipv4', start + 2, withdrawnEnd, context) &&
      this.#take(this.announced, bytes, 'ipv4', attributesEnd, end, context)
    );
  }

  /** Scans the attributes and reads the MP attributes. @returns false on `reset`. */
  readAttributes(bytes: Uint8Array, context: UpdateContext): boolean {
    this.scan.scan(bytes, this.attributesAt, this.attributesEnd);
    if (this.scan.reset !== null) {
      this.reset = this.scan.reset;
      this.text = this.scan.text;
      return false;
    }
    return this.#readMpReach(bytes, context) && this.#readMpUnreach(bytes, context);
  }

  #readMpReach(bytes: Uint8Array, context: UpdateContext): boolean {
    if (!this.scan.has(AttributeType.MpReachNlri)) return true;
    const at = this.scan.valueAt[AttributeType.MpReachNlri]!;
    const end = at + this.scan.valueLength[AttributeType.MpReachNlri]!;
    const nextHopLength = end - at > 3 ? bytes[at + 3]! : 0;
    if (end - at < 5 + nextHopLength) {
      return this.#failMp(bytes, AttributeType.MpReachNlri, 'MP_REACH_NLRI is shorter than its own fields');
    }
    const family = familyOf((bytes[at]! << 8) | bytes[at + 1]!, bytes[at + 2]!);
    if (family === null || !context.families.has(family)) return true; // not negotiated: ignored (RFC 4760 §6)
    const isIpv6NextHop = nextHopLength === 16 || nextHopLength === 32;
    const isLengthKnown =
      family === 'ipv4' ? nextHopLength === 4 || (isIpv6NextHop && context.extendedNextHop) : isIpv6NextHop;
    if (!isLengthKnown) {
      const text = `MP_REACH_NLRI has a next hop of ${nextHopLength} octets`;
      return this.#failMp(bytes, AttributeType.MpReachNlri, text);
    }
    this.mpNextHopAt = at + 4;
    this.mpNextHopLength = nextHopLength;
    if (nextHopLength === 32) this.#settlePair(bytes, at + 4);
    const nlriAt = at + 5 + nextHopLength;
    if (this.#take(this.mpAnnounced, bytes, family, nlriAt, end, context)) return true;
    return this.#failMp(bytes, AttributeType.MpReachNlri, `MP_REACH_NLRI: ${this.text}`);
  }

  /**
   * Of a pair (RFC 2545 §3) only the link-local half counts where the global one is none, as some speakers write it on
   * sessions between link-local addresses, and only the global one where the other is not link-local.
   */
  #settlePair(bytes: Uint8Array, at: number): void {
    const isSecondLinkLocal = isLinkLocalAt(bytes, at + 16, 16);
    if (isSecondLinkLocal && isUnspecifiedOrLinkLocal(bytes, at)) this.mpNextHopAt = at + 16;
    else if (isSecondLinkLocal) return;
    this.mpNextHopLength = 16;
  }

  #readMpUnreach(bytes: Uint8Array, context: UpdateContext): boolean {
    if (!this.scan.has(AttributeType.MpUnreachNlri)) return true;
    const at = this.scan.valueAt[AttributeType.MpUnreachNlri]!;
    const end = at + this.scan.valueLength[AttributeType.MpUnreachNlri]!;
    if (end - at < 3) {
      return this.#failMp(
        bytes,
        AttributeType.MpUnreachNlri,
        'MP_UNREACH_NLRI is shorter than its own fields',
      );
    }
    const family = familyOf((bytes[at]! << 8) | bytes[at + 1]!, bytes[at + 2]!);
    if (family === null || !context.families.has(family)) return true;
    if (end - at === 3 && this.scan.count === 1 && this.#hasNoIpv4) this.endOfRib = family; // RFC 4724 §2
    if (this.#take(this.mpWithdrawn, bytes, family, at + 3, end, context)) return true;
    return this.#failMp(bytes, AttributeType.MpUnreachNlri, `MP_UNREACH_NLRI: ${this.text}`);
  }

  /** Routes are announced in a family that was not negotiated. */
  get announcesIgnored(): boolean {
    const hasIpv4 = this.announced.family === null && this.announced.at < this.announced.end;
    return hasIpv4 || (this.scan.has(AttributeType.MpReachNlri) && this.mpNextHopAt < 0);
  }

  get #hasNoIpv4(): boolean {
    return this.withdrawn.at === this.withdrawn.end && this.announced.at === this.announced.end;
  }

  #take(
    range: NlriRange,
    bytes: Uint8Array,
    family: Family,
    at: number,
    end: number,
    context: UpdateContext,
  ): boolean {
    // IPv4 fields of a session without IPv4 are ignored like any other family that was not negotiated.
    range.family = at < end && context.families.has(family) ? family : null;
    range.at = at;
    range.end = end;
    if (at === end) return true;
    const problem = checkNlri(bytes, at, end, addressBits(family), context.addPathReceive.has(family));
    if (problem === null) return true;
    this.reset = updateError.invalidNetworkField();
    this.text = problem;
    return false;
  }

  /** Whatever is wrong inside an MP attribute is an Optional Attribute Error that quotes it (RFC 4760 §7). */
  #failMp(bytes: Uint8Array, code: number, text: string): false {
    const { start, end } = this.scan.extent(code);
    this.reset = updateError.optionalAttribute(bytes.subarray(start, end));
    this.text = text;
    return false;
  }

  #fail(text: string): false {
    this.reset = updateError.malformedAttributeList();
    this.text = text;
    return false;
  }
}

function isUnspecifiedOrLinkLocal(bytes: Uint8Array, at: number): boolean {
  if (isLinkLocalAt(bytes, at, 16)) return true;
  for (let i = at; i < at + 16; i++) if (bytes[i] !== 0) return false;
  return true;
}
