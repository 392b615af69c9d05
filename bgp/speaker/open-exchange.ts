/** The two OPENs of a session: what we say to a peer, what we make of what it says, and what its refusal teaches. */
import type { EventOf } from '../fsm/event.ts';
import type { EndReason } from '../fsm/reason.ts';
import { ErrorCode, OpenSubcode } from '../packet/iana.ts';
import { negotiate } from '../packet/negotiate.ts';
import type { OpenMessage, OpenResult } from '../packet/open.ts';
import type { RestartState } from './graceful-restart.ts';
import { ownOpen } from './own-open.ts';
import { acceptsAsn, type SessionSettings } from './session-settings.ts';

export class OpenExchange {
  /** The peer has refused the capabilities parameter as such: OPEN goes without it (RFC 5492 §3). */
  #isPlain = false;
  readonly #restart: (settings: SessionSettings) => RestartState;

  constructor(restart: (settings: SessionSettings) => RestartState) {
    this.#restart = restart;
  }

  /** What we say on the next connection. */
  own(settings: SessionSettings): OpenMessage {
    const open = ownOpen(settings, this.#restart(settings));
    return this.#isPlain ? { ...open, capabilities: [] } : open;
  }

  judge(settings: SessionSettings, result: OpenResult): EventOf<'BgpOpen' | 'BgpOpenMsgErr'> {
    if (!result.ok) return { name: 'BgpOpenMsgErr', notification: result.notification, text: '' };
    const verdict = negotiate(this.own(settings), result.open, {
      keepaliveSec: settings.config.keepaliveSec,
      requiresRole: settings.config.strictRole === true,
      acceptsAsn: (asn) => acceptsAsn(settings, asn),
    });
    return verdict.ok
      ? { name: 'BgpOpen', session: verdict.session }
      : { name: 'BgpOpenMsgErr', notification: verdict.notification, text: verdict.text };
  }

  /**
   * RFC 5492 §3: to a peer that does not know capabilities at all, the next OPEN goes without them.
   * @returns true when that is so from now on
   */
  learnFrom(reason: EndReason, { config }: SessionSettings): boolean {
    if (reason.kind !== 'notificationReceived') return false;
    const { code, subcode } = reason.notification;
    if (code !== ErrorCode.OpenMessage || subcode !== OpenSubcode.UnsupportedOptionalParameter) return false;
    this.#isPlain = !this.#isPlain && config.families.includes('ipv4');
    return this.#isPlain;
  }

  /** Capabilities are offered again. */
  forget(): void {
    this.#isPlain = false;
  }
}
