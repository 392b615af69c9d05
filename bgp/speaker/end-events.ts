/** What the end of a connection is worth telling the operator, beside the change of state. */
import type { TransportFacts } from './connection-driver.ts';
import type { SessionSettings } from './session-settings.ts';
import type { SessionError, SpeakerEvent } from './speaker-status.ts';

export interface ConnectionEnd {
  /** The NOTIFICATION that was sent or came, or null. */
  readonly error: SessionError | null;
  readonly facts: TransportFacts;
  /** A client of a range, or somebody with its address, has opened a connection beside its session. */
  readonly isSecondOfClient: boolean;
}

export function endEvents(
  { name: peer, address, neighbor }: SessionSettings,
  { error, facts, isSecondOfClient }: ConnectionEnd,
): readonly SpeakerEvent[] {
  const events: SpeakerEvent[] = [];
  if (error !== null) events.push({ kind: 'notification', peer, error });
  if (facts.errorCode === 'EMFILE' || facts.errorCode === 'ENFILE') {
    const text = `file descriptors have run out: ${peer} cannot be dialed`;
    events.push({ kind: 'problem', object: 'file descriptors', text });
  }
  if (isSecondOfClient && neighbor !== null) {
    // its NOTIFICATION was told with the end of its connection
    const refused = { address, peer, neighbor, notification: null, reason: 'duplicate' } as const;
    events.push({ kind: 'refused', ...refused });
  }
  return events;
}
