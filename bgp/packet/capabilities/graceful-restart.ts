/**
 * Graceful Restart (RFC 4724 §3, RFC 8538 §2).
 *
 * ```
 * +---+---+-----+--------------+   then for each family
 * | R | N | 0 0 | restart time |   +---------+----------+-------------+
 * +---+---+-----+--------------+   | AFI (2) | SAFI (1) | F, reserved |
 *   1   1    2      12 bits        +---------+----------+-------------+
 * ```
 */
import { CapabilityCode } from '../iana.ts';
import { afiSafiName, type CapabilityDescriptor, type GracefulRestartCapability } from './capability.ts';

const RESTART_STATE = 0x8000;
const NOTIFICATION = 0x4000;
const RESTART_TIME_MASK = 0x0fff;
const FORWARDING_STATE = 0x80;
const ENTRY_OCTETS = 4;

export const gracefulRestart: CapabilityDescriptor<GracefulRestartCapability> = {
  kind: 'gracefulRestart',
  code: CapabilityCode.GracefulRestart,
  name: 'graceful restart',
  decode(reader) {
    const head = reader.u16();
    if (reader.truncated || reader.remaining % ENTRY_OCTETS !== 0) return null;
    const entries = [];
    while (reader.remaining > 0) {
      const afi = reader.u16();
      const safi = reader.u8();
      entries.push({ afi, safi, forwardingPreserved: (reader.u8() & FORWARDING_STATE) !== 0 });
    }
    return Object.freeze({
      kind: 'gracefulRestart',
      restarting: (head & RESTART_STATE) !== 0,
      notification: (head & NOTIFICATION) !== 0,
      restartTimeSec: head & RESTART_TIME_MASK,
      entries,
    });
  },
  encode({ restarting, notification, restartTimeSec, entries }, writer) {
    if (restartTimeSec > RESTART_TIME_MASK)
      throw new RangeError(`restart time ${restartTimeSec} exceeds 4095 s`);
    writer.u16((restarting ? RESTART_STATE : 0) | (notification ? NOTIFICATION : 0) | restartTimeSec);
    for (const { afi, safi, forwardingPreserved } of entries) {
      writer
        .u16(afi)
        .u8(safi)
        .u8(forwardingPreserved ? FORWARDING_STATE : 0);
    }
  },
  format({ restarting, notification, restartTimeSec, entries }) {
    const parts = [`restart time ${restartTimeSec} s`];
    if (restarting) parts.push('restarting');
    if (notification) parts.push('notification');
    for (const entry of entries) {
      parts.push(afiSafiName(entry) + (entry.forwardingPreserved ? ' (forwarding preserved)' : ''));
    }
    return parts.join(', ');
  },
};
