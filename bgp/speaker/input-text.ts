/** What made a peer's machine move, in words, where no connection ended. */
import type { EventName } from '../fsm/event.ts';
import type { PeerInput } from '../fsm/peer-fsm.ts';

const TEXT: Readonly<Partial<Record<EventName, string>>> = {
  ManualStart: 'started',
  ManualStartWithPassiveTcpEstablishment: 'started, waits for the peer',
  ManualStop: 'stopped',
  AutomaticStop: 'stopped',
  ConnectRetryTimerExpires: 'connect retry',
  IdleHoldTimerExpires: 'tries again',
  TcpCrAcked: 'connected',
  BgpOpen: 'OPEN received',
  KeepAliveMsg: 'KEEPALIVE received',
};

export function inputText(input: PeerInput): string {
  if (input.kind === 'accepted') return 'connection accepted';
  return TEXT[input.event.name] ?? input.event.name;
}
