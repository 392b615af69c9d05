/** What the decision process and the export rules read of an attribute set, extracted once when it is interned. */
export interface AttributeColumns {
  origin: number;
  /** AS_PATH length for the decision process: an AS_SET counts 1 (RFC 4271 §9.1.2.2(a)). */
  asPathLength: number;
  /** The AS that the route was received from: the first of the first AS_SEQUENCE, else 0 (§9.1.2.2(c)). */
  neighborAs: number;
  /** 4294967295 at most. */
  localPref: number;
  med: number;
  originatorId: number;
  clusterListLength: number;
  /** Bits of `ColumnFlag`. */
  flags: number;
}

export const ColumnFlag = {
  LocalPref: 1,
  Med: 2,
  OriginatorId: 4,
  /** NO_EXPORT, NO_ADVERTISE, NO_EXPORT_SUBCONFED (RFC 1997). */
  NoExport: 8,
  NoAdvertise: 16,
  NoExportSubconfed: 32,
  Origin: 64,
  AsPath: 128,
  NextHop: 256,
  /** NEXT_HOP has four octets. */
  NextHopIpv4: 512,
  /** NOPEER (RFC 3765). */
  NoPeer: 1024,
  /** GRACEFUL_SHUTDOWN (RFC 8326). */
  GracefulShutdown: 2048,
  /** ONLY_TO_CUSTOMER (RFC 9234 §5) is present. */
  OnlyToCustomer: 4096,
  /** NEXT_HOP is a link-local address alone. */
  NextHopLinkLocal: 8192,
} as const;

export function emptyColumns(): AttributeColumns {
  return {
    origin: 0,
    asPathLength: 0,
    neighborAs: 0,
    localPref: 0,
    med: 0,
    originatorId: 0,
    clusterListLength: 0,
    flags: 0,
  };
}

export function resetColumns(columns: AttributeColumns): void {
  columns.origin = 0;
  columns.asPathLength = 0;
  columns.neighborAs = 0;
  columns.localPref = 0;
  columns.med = 0;
  columns.originatorId = 0;
  columns.clusterListLength = 0;
  columns.flags = 0;
}
