/**
 * ADD-PATH (RFC 7911 §4): for each family
 *
 * ```
 * +---------+----------+------------------+
 * | AFI (2) | SAFI (1) | send/receive (1) |   1 receive, 2 send, 3 both
 * +---------+----------+------------------+
 * ```
 *
 * An entry with another send/receive value is left out: "treated as not understood" (RFC 7911 §4).
 */
import { CapabilityCode } from '../iana.ts';
import { type AddPathCapability, afiSafiName, type CapabilityDescriptor } from './capability.ts';

const RECEIVE = 1;
const SEND = 2;
const ENTRY_OCTETS = 4;

export const addPath: CapabilityDescriptor<AddPathCapability> = {
  kind: 'addPath',
  code: CapabilityCode.AddPath,
  name: 'ADD-PATH',
  decode(reader) {
    if (reader.remaining % ENTRY_OCTETS !== 0) return null;
    const entries = [];
    while (reader.remaining > 0) {
      const afi = reader.u16();
      const safi = reader.u8();
      const mode = reader.u8();
      if (mode < RECEIVE || mode > (SEND | RECEIVE)) continue;
      entries.push({ afi, safi, send: (mode & SEND) !== 0, receive: (mode & RECEIVE) !== 0 });
    }
    return Object.freeze({ kind: 'addPath', entries });
  },
  encode({ entries }, writer) {
    for (const { afi, safi, send, receive } of entries) {
      writer
        .u16(afi)
        .u8(safi)
        .u8((send ? SEND : 0) | (receive ? RECEIVE : 0));
    }
  },
  format({ entries }) {
    return entries.map((entry) => `${afiSafiName(entry)} ${directions(entry)}`).join(', ');
  },
};

function directions({ send, receive }: { readonly send: boolean; readonly receive: boolean }): string {
  if (send && receive) return 'send and receive';
  return send ? 'send' : 'receive';
}
