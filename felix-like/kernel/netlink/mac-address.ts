/** Link layer addresses of six octets. */

export const MAC_BYTES = 6;

/** Lower case with colons, or null when `bytes` are not six. */
export function formatMac(bytes: Uint8Array): string | null {
  if (bytes.length !== MAC_BYTES) return null;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** @throws RangeError for text that is no MAC address: the caller vouches for it */
export function macBytes(text: string): Uint8Array {
  const bytes = text.split(':').map((part) => Number.parseInt(part, 16));
  if (bytes.length !== MAC_BYTES || bytes.some((byte) => !(byte >= 0 && byte <= 0xff))) {
    throw new RangeError(`not a MAC address: ${text}`);
  }
  return Uint8Array.from(bytes);
}
