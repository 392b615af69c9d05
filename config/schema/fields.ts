/**
 * Building blocks of the schemas: fields that check what users wrote and yield native values. Every field
 * carries a description; custom messages complete the sentence "<field> …".
 */
import {
  addressFamily,
  canonicalAddress,
  type Family,
  formatPrefix,
  type Prefix,
  parsePrefix,
} from '@manul/bgp/net';
import { z } from 'zod';
import { parseAsn } from './asn.ts';
import { parseDurationSec } from './duration.ts';
import { isSelectorError, parseSelector, type Selector } from './selector.ts';
import { TEXT_PATTERN } from './text-patterns.ts';

/** What a parser returns for text that it refuses: the rest of the sentence "<field> …". */
export class Refusal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A field whose text becomes a native value. Text that is refused stays as written: nothing but the rules between
 * fields sees it.
 * @param pattern that everything matches which `parse` takes: for API servers, which can do no better
 */
export function text<T>(
  description: string,
  parse: (text: string) => T | Refusal,
  maxLength = 4096,
  pattern: string | null = null,
) {
  return z
    .string()
    .max(maxLength)
    .transform((value, context): T => {
      const parsed = parse(value);
      if (!(parsed instanceof Refusal)) return parsed;
      context.issues.push({ code: 'custom', message: parsed.text, input: value });
      return value as T;
    })
    .meta({ description, ...(pattern === null ? {} : { pattern }) });
}

export function plainText(description: string, maxLength = 4096) {
  return z.string().max(maxLength).describe(description);
}

export function flag(description: string) {
  return z.boolean().describe(description);
}

export function integer(description: string, min: number, max: number) {
  return z.int().min(min).max(max).describe(description);
}

export function choice<const T extends readonly [string, ...string[]]>(description: string, values: T) {
  return z.enum(values).describe(description);
}

export function port(description: string) {
  return integer(description, 1, 65_535);
}

/** An AS number: a number, decimal text, or asdot text. */
export function asNumber(description: string, options: { readonly min: 0 | 1 } = { min: 1 }) {
  return z
    .union([z.number(), z.string()])
    .transform((value, context): number => {
      const asn = parseAsn(String(value));
      const floating = typeof value === 'number' && !Number.isInteger(value);
      if (asn !== null && asn >= options.min && !floating) return asn;
      const hint = floating ? '; put the dotted notation in quotes' : '';
      const message = `must be an AS number, ${options.min} to 4294967295 or high.low, is ${value}${hint}`;
      context.issues.push({ code: 'custom', message, input: value });
      return Number.NaN;
    })
    .meta({
      description,
      minimum: options.min,
      maximum: 4_294_967_295,
      pattern: TEXT_PATTERN.asNumber[options.min],
    });
}

/** A Go duration, as seconds with fraction. */
export function durationSec(description: string) {
  return text(
    description,
    (value) => {
      const seconds = parseDurationSec(value);
      return seconds ?? new Refusal(`must be a duration such as 90s or 1m30s, is ${JSON.stringify(value)}`);
    },
    4096,
    TEXT_PATTERN.duration,
  );
}

export interface PrefixRules {
  readonly family?: Family;
  /** Clear host bits instead of refusing them, as Go's ParseCIDR does. */
  readonly mask?: boolean;
}

export function prefix(description: string, rules: PrefixRules = {}) {
  return text(
    description,
    (value) => parsePrefixField(value, rules),
    64,
    TEXT_PATTERN.prefix[rules.family ?? 'any'],
  );
}

function parsePrefixField(value: string, rules: PrefixRules): Prefix | Refusal {
  const wanted = rules.family === undefined ? 'a' : `an ${familyName(rules.family)}`;
  const masked = parsePrefix(value, { mask: true });
  if (masked === null || !value.includes('/')) {
    return new Refusal(`must be ${wanted} prefix, address/length, is ${JSON.stringify(value)}`);
  }
  if (rules.family !== undefined && masked.family !== rules.family) {
    return new Refusal(`must be ${wanted} prefix, is ${value}`);
  }
  if (rules.mask !== true && parsePrefix(value) === null) {
    return new Refusal(`has bits set behind the prefix length: ${value} should be ${formatPrefix(masked)}`);
  }
  return masked;
}

/** A host prefix: a bare address, /32 or /128. */
export function hostPrefix(description: string) {
  return text(description, (value): Prefix | Refusal => {
    const parsed = parsePrefix(value);
    if (parsed !== null && parsed.length === parsed.bytes.length * 8) return parsed;
    return new Refusal(`must be an address, /32 or /128, is ${JSON.stringify(value)}`);
  });
}

/** An address, as canonical text. */
export function address(description: string, family?: Family) {
  const parse = (value: string): string | Refusal => {
    const canonical = canonicalAddress(value);
    if (canonical !== null && (family === undefined || addressFamily(value) === family)) return canonical;
    const wanted = family === undefined ? 'IP' : familyName(family);
    return new Refusal(`must be an ${wanted} address, is ${JSON.stringify(value)}`);
  };
  return text(description, parse, 64, TEXT_PATTERN.address[family ?? 'any']);
}

/** An address of an interface with the length of its subnet. */
export interface InterfaceAddress {
  readonly address: string;
  /** Bits; that of a host where none was given. */
  readonly length: number;
}

/** Parses `10.0.0.1/24` or `10.0.0.1`; null when it is neither, or of another family. */
export function parseInterfaceAddress(value: string, family: Family): InterfaceAddress | null {
  const canonical = canonicalAddress(value.split('/')[0]!);
  const parsed = parsePrefix(value, { mask: true });
  if (canonical === null || parsed === null || parsed.family !== family) return null;
  return { address: canonical, length: parsed.length };
}

export function interfaceAddress(description: string, family: Family) {
  return text(description, (value): InterfaceAddress | Refusal => {
    const parsed = parseInterfaceAddress(value, family);
    return (
      parsed ??
      new Refusal(
        `must be an ${familyName(family)} address with or without /length, is ${JSON.stringify(value)}`,
      )
    );
  });
}

export interface SelectorRules {
  /** `global()` makes no sense here. */
  readonly withoutGlobal?: boolean;
}

export function selector(description: string, rules: SelectorRules = {}) {
  return text(
    description,
    (value): Selector | Refusal => {
      const parsed = parseSelector(value);
      if (isSelectorError(parsed)) {
        return new Refusal(
          `is no selector: ${parsed.text} (column ${parsed.at + 1} of ${JSON.stringify(value)})`,
        );
      }
      if (rules.withoutGlobal === true && /\bglobal\s*\(/.test(value))
        return new Refusal('must not use global()');
      return parsed;
    },
    1024,
  );
}

const INTERFACE_PATTERN = new RegExp(TEXT_PATTERN.interfacePattern);

/** The name of one interface. */
export function interfaceName(description: string) {
  return z
    .string()
    .regex(/^[^\s/%]{1,15}$/, 'must be the name of an interface, at most 15 characters')
    .describe(description);
}

/** An interface name in which `*` stands for any characters. */
export function interfacePattern(description: string, { allowStar }: { readonly allowStar: boolean }) {
  return text(
    description,
    (value): string | Refusal => {
      if (!INTERFACE_PATTERN.test(value)) {
        return new Refusal(`must be 1 to 15 letters, digits, _ . - or *, is ${JSON.stringify(value)}`);
      }
      return value === '*' && !allowStar ? new Refusal('must not be * alone') : value;
    },
    4096,
    allowStar ? TEXT_PATTERN.interfacePattern : TEXT_PATTERN.interfacePatternNotStar,
  );
}

const COMMUNITY = /^(\d{1,10}):(\d{1,10})(?::(\d{1,10}))?$/;

/** `aa:nn` (RFC 1997, 16-bit halves) or `a:b:c` (RFC 8092, 32-bit parts), without leading zeros; null otherwise. */
export function parseCommunity(value: string): string | null {
  const parts = COMMUNITY.exec(value)
    ?.slice(1)
    .filter((part) => part !== undefined);
  if (parts === undefined) return null;
  const limit = parts.length === 2 ? 0xffff : 0xffff_ffff;
  if (parts.some((part) => Number(part) > limit)) return null;
  return parts.map(Number).join(':');
}

export function community(description: string) {
  return text(
    description,
    (value) =>
      parseCommunity(value) ??
      new Refusal(
        `must be a community aa:nn (0 to 65535 each) or a:b:c (32 bits each), is ${JSON.stringify(value)}`,
      ),
    40,
    TEXT_PATTERN.community,
  );
}

/** As `community`, in strictly decimal numbers: `01:2` is none. */
export function strictCommunity(description: string) {
  return text(
    description,
    (value) =>
      parseCommunity(value) === value
        ? value
        : new Refusal(
            `must be a community aa:nn (0 to 65535 each) or a:b:c (32 bits each), without leading zeros, is ${JSON.stringify(value)}`,
          ),
    32,
    TEXT_PATTERN.strictCommunity,
  );
}

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;

/** A MAC address as lower-case text with colons, or null when `value` is none. */
export function parseMac(value: string): string | null {
  const mac = value.toLowerCase().replaceAll('-', ':');
  return MAC.test(mac) ? mac : null;
}

/** A MAC address, as lower-case text with colons. */
export function macAddress(description: string) {
  return text(
    description,
    (value): string | Refusal =>
      parseMac(value) ?? new Refusal(`must be a MAC address, is ${JSON.stringify(value)}`),
  );
}

/** A reference to one key of a Secret in Manul's namespace. */
export const secretReference = z
  .strictObject({
    secretKeyRef: z
      .strictObject({
        name: z.string().min(1).describe('Name of the Secret'),
        key: z.string().min(1).describe('Key inside the Secret'),
        optional: z
          .boolean()
          .optional()
          .describe('Accepted and without effect: a missing key holds the session'),
      })
      .describe('The key of a Secret'),
  })
  .describe('TCP MD5 key (RFC 2385)');

export type SecretReference = z.output<typeof secretReference>;

function familyName(family: Family): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}
