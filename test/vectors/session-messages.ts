/**
 * OPEN and NOTIFICATION messages that other implementations sent, with what they mean. Captured on loopback by a
 * plain TCP listener that answered with a fixed OPEN and KEEPALIVE; none of our own code was involved.
 */
import type { OpenMessage } from '../../bgp/packet/open.ts';

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
}

export const MARKER = 'ffffffffffffffffffffffffffffffff';

const ascii = (text: string) => new Uint8Array(Buffer.from(text, 'ascii'));

export interface OpenVector {
  readonly provenance: string;
  readonly message: Uint8Array;
  readonly open: OpenMessage;
}

export const OPEN_VECTORS: readonly OpenVector[] = [
  {
    provenance: 'BIRD 2.0.12, AS 65001, ADD-PATH, extended next hop, extended messages, graceful restart',
    message: fromHex(`${MARKER}0057 01 04 fde9 00f0 c0000201 3a
      0238 010400010001 010400020001 0200 0506000100010002 0600 400a0078 00010100 00020100 41040000fde9
      4508 00010103 00020101 4600 4700`),
    open: {
      asn: 65001,
      holdTimeSec: 240,
      routerId: '192.0.2.1',
      capabilities: [
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'multiprotocol', afi: 2, safi: 1 },
        { kind: 'routeRefresh' },
        { kind: 'extendedNextHop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
        { kind: 'extendedMessage' },
        {
          kind: 'gracefulRestart',
          restarting: false,
          notification: false,
          restartTimeSec: 120,
          entries: [
            { afi: 1, safi: 1, forwardingPreserved: false },
            { afi: 2, safi: 1, forwardingPreserved: false },
          ],
        },
        { kind: 'fourOctetAs', asn: 65001 },
        {
          kind: 'addPath',
          entries: [
            { afi: 1, safi: 1, send: true, receive: true },
            { afi: 2, safi: 1, send: false, receive: true },
          ],
        },
        { kind: 'enhancedRouteRefresh' },
        { kind: 'unknown', code: 71, value: new Uint8Array(0) },
      ],
    },
  },
  {
    provenance: 'FRR 8.4.4 bgpd, AS 4200000001, one parameter for each capability, host name',
    message: fromHex(`${MARKER}0072 01 04 5ba0 00b4 c0000202 55
      0206 010400010001 0206 010400020001 0202 8000 0202 0200 0202 4600 0206 4104fa56ea01 0202 0600
      020a 4508 00010103 00020103 0207 4905 036c6162 00 0204 4002c078 0210 470e 00010180000000 00020180000000`),
    open: {
      asn: 4200000001,
      holdTimeSec: 180,
      routerId: '192.0.2.2',
      capabilities: [
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'multiprotocol', afi: 2, safi: 1 },
        { kind: 'routeRefreshCisco' },
        { kind: 'routeRefresh' },
        { kind: 'enhancedRouteRefresh' },
        { kind: 'fourOctetAs', asn: 4200000001 },
        { kind: 'extendedMessage' },
        {
          kind: 'addPath',
          entries: [
            { afi: 1, safi: 1, send: true, receive: true },
            { afi: 2, safi: 1, send: true, receive: true },
          ],
        },
        { kind: 'fqdn', hostName: ascii('lab'), domainName: new Uint8Array(0) },
        { kind: 'gracefulRestart', restarting: true, notification: true, restartTimeSec: 120, entries: [] },
        { kind: 'unknown', code: 71, value: fromHex('00010180000000 00020180000000') },
      ],
    },
  },
  {
    provenance: 'GoBGP 3.10.0, AS 65003, FQDN with a host name, extended next hop',
    message: fromHex(`${MARKER}0045 01 04 fdeb 005a c0000203 28
      0226 0200 4904 02766d00 010400010001 010400020001 41040000fdeb 40020078 0506000100010002`),
    open: {
      asn: 65003,
      holdTimeSec: 90,
      routerId: '192.0.2.3',
      capabilities: [
        { kind: 'routeRefresh' },
        { kind: 'fqdn', hostName: ascii('vm'), domainName: new Uint8Array(0) },
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'multiprotocol', afi: 2, safi: 1 },
        { kind: 'fourOctetAs', asn: 65003 },
        { kind: 'gracefulRestart', restarting: false, notification: false, restartTimeSec: 120, entries: [] },
        { kind: 'extendedNextHop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
      ],
    },
  },
  {
    provenance: 'ExaBGP 4.2.21, AS 65004, graceful restart with forwarding preserved',
    message: fromHex(`${MARKER}005b 01 04 fdec 00b4 c0000204 3e
      0206 010400010001 0206 010400020001 0206 41040000fdec 020a 4508 00010103 00020103
      020c 400a 803c 00010180 00020180 0202 0200 0202 4600 0202 0600`),
    open: {
      asn: 65004,
      holdTimeSec: 180,
      routerId: '192.0.2.4',
      capabilities: [
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'multiprotocol', afi: 2, safi: 1 },
        { kind: 'fourOctetAs', asn: 65004 },
        {
          kind: 'addPath',
          entries: [
            { afi: 1, safi: 1, send: true, receive: true },
            { afi: 2, safi: 1, send: true, receive: true },
          ],
        },
        {
          kind: 'gracefulRestart',
          restarting: true,
          notification: false,
          restartTimeSec: 60,
          entries: [
            { afi: 1, safi: 1, forwardingPreserved: true },
            { afi: 2, safi: 1, forwardingPreserved: true },
          ],
        },
        { kind: 'routeRefresh' },
        { kind: 'enhancedRouteRefresh' },
        { kind: 'extendedMessage' },
      ],
    },
  },
];

export interface NotificationVector {
  readonly provenance: string;
  readonly message: Uint8Array;
  readonly code: number;
  readonly subcode: number;
  readonly text: string;
}

export const NOTIFICATION_VECTORS: readonly NotificationVector[] = [
  {
    provenance: 'BIRD 2.0.12, `disable a "rack 7: maintenance"` (RFC 9003)',
    message: fromHex(`${MARKER}0029 03 06 02 13 7261636b20373a206d61696e74656e616e6365`),
    code: 6,
    subcode: 2,
    text: 'Cease: Administrative Shutdown: rack 7: maintenance',
  },
  {
    provenance: 'FRR 8.4.4 bgpd, stopped',
    message: fromHex(`${MARKER}0015 03 06 03`),
    code: 6,
    subcode: 3,
    text: 'Cease: Peer De-configured',
  },
];
