/** Why a route does not go to a session at all, in words: the reasons behind `canExport`. Not for the hot path. */
import { ColumnFlag } from '../packet/attributes/attribute-columns.ts';
import { SourceClass } from '../path/source-class.ts';
import { usesOwnNextHop } from './export-attributes.ts';
import type { ExportContext } from './export-context.ts';

const FORBIDDEN_TEXTS: readonly (readonly [flag: number, text: string])[] = [
  [ColumnFlag.NoAdvertise, 'carries NO_ADVERTISE (RFC 1997)'],
  [ColumnFlag.NoExport, 'carries NO_EXPORT, and the peer is external (RFC 1997)'],
  [ColumnFlag.NoExportSubconfed, 'carries NO_EXPORT_SUBCONFED, and the peer is external (RFC 1997)'],
  [ColumnFlag.NoPeer, 'carries NOPEER, and our role is peer (RFC 3765)'],
  [ColumnFlag.OnlyToCustomer, 'carries ONLY_TO_CUSTOMER, and the peer is no customer (RFC 9234 §5)'],
];

/** Null exactly where `canExport` holds. */
export function exportProblem(flags: number, sourceClass: number, context: ExportContext): string | null {
  if (context.drain === 'withdrawn') return 'this speaker is drained: it announces nothing';
  for (const [flag, text] of FORBIDDEN_TEXTS) if ((flags & context.forbidden & flag) !== 0) return text;
  if (context.isInternal && sourceClass === SourceClass.InternalNonClient && !context.isClient) {
    return 'comes from an internal peer that is no client, and neither is this one (RFC 4456 §6)';
  }
  if (usesOwnNextHop(flags, sourceClass, context)) {
    return context.ownNextHop === null ? `we have no ${context.family} address to be the next hop` : null;
  }
  if (context.ipv6NextHop || (flags & ColumnFlag.NextHopIpv4) !== 0) return null;
  return 'has an IPv6 next hop, which the peer does not take for IPv4 routes (RFC 8950 §4)';
}
