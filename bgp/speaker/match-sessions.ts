/** Which running session continues as which, when the configuration changes. */
import { type SessionSettings, scopedAddress } from './session-settings.ts';

/**
 * Which running session each wanted one continues: that of the same transport (local address, remote address,
 * port), whatever its name is now; else that of the same name.
 */
export function matchSessions<Running extends { readonly settings: SessionSettings }>(
  running: readonly Running[],
  wanted: readonly SessionSettings[],
): ReadonlyMap<SessionSettings, Running> {
  const matched = new Map<SessionSettings, Running>();
  const free = new Set(running);
  for (const keyOf of [transportKey, ({ name }: SessionSettings) => name]) {
    const byKey = new Map([...free].map((peer) => [keyOf(peer.settings), peer]));
    for (const settings of wanted) {
      const peer = byKey.get(keyOf(settings));
      if (matched.has(settings) || peer === undefined || !free.delete(peer)) continue;
      matched.set(settings, peer);
    }
  }
  return matched;
}

/** Local address, remote address and port: one session each. */
export function transportKey(settings: SessionSettings): string {
  return `${settings.localAddress ?? ''}|${scopedAddress(settings)}|${settings.port}`;
}
