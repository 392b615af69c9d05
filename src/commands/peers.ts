/** `manul peers [NAME]`: sessions. */
import type {
  ConnectionFailures,
  FailedAttempt,
  MessageCounts,
  PeerDetail,
  PeerStatus,
  SessionError,
} from '@manul/bgp';
import type { CommandContext } from '../cli/command.ts';
import { formatDuration } from '../output/duration.ts';
import { writeRows, writeValue } from '../output/format.ts';
import { type Column, formatFields } from '../output/table.ts';
import { countsText, errorText } from '../output/text.ts';
import { controlClient, outputFormat } from './connect.ts';

const COLUMNS: readonly Column<PeerStatus>[] = [
  { title: 'NAME', value: (peer) => peer.name },
  { title: 'KIND', value: (peer) => peer.kind },
  { title: 'ADDRESS', value: (peer) => peer.address },
  { title: 'AS', value: (peer) => peer.asn, align: 'right' },
  { title: 'STATE', value: (peer) => peer.state },
  {
    title: 'UP',
    value: (peer) => (peer.state === 'Established' ? formatDuration(peer.uptimeSeconds) : '-'),
    align: 'right',
  },
  { title: 'RECEIVED', value: (peer) => countsText(peer.received), align: 'right' },
  { title: 'ACCEPTED', value: (peer) => countsText(peer.accepted), align: 'right' },
  { title: 'ADVERTISED', value: (peer) => countsText(peer.advertised), align: 'right' },
  { title: 'FLAPS', value: (peer) => peer.flaps, align: 'right' },
  { title: 'LAST ERROR', value: (peer) => (peer.lastError === null ? '' : errorText(peer.lastError)) },
];

export async function peers(context: CommandContext): Promise<void> {
  const client = controlClient(context);
  const format = outputFormat(context.arguments);
  const name = context.arguments.text('name');
  if (name === undefined) {
    const rows = (await client.rows('/api/v1/peers')) as AsyncIterable<readonly PeerStatus[]>;
    await writeRows(process.stdout, format, rows, COLUMNS);
  } else {
    const peer = (await client.get(`/api/v1/peers/${encodeURIComponent(name)}`)) as PeerDetail;
    await writeValue(process.stdout, format, peer, () => formatFields(fieldsOf(peer)));
  }
}

function fieldsOf(peer: PeerDetail): readonly (readonly [string, string | number])[] {
  const optional: readonly (readonly [string, string | number | null])[] = [
    ['Name', peer.name],
    ['Kind', peer.kind],
    ['Accepted by', peer.neighbor],
    ['Address', `${peer.address} port ${peer.port}`],
    ['Local address', peer.localAddress],
    ['AS', `${peer.asn}, ours ${peer.localAsn}`],
    ['Router ID', peer.routerId],
    ['State', `${peer.state} since ${peer.since}`],
    ['Up', peer.state === 'Established' ? formatDuration(peer.uptimeSeconds) : null],
    ['Held down', peer.held],
    ['Likely cause', peer.likelyCause],
    ['Passive', yesNo(peer.passive)],
    ['Route reflector client', yesNo(peer.routeReflectorClient)],
    ['Next hop', peer.nextHop],
    ['Families', peer.families.join(', ')],
    ['Hold time', `${peer.holdTimeSeconds} s, keepalive ${peer.keepaliveSeconds} s`],
    ['Host name', peer.hostName],
    ['Software', peer.softwareVersion],
    ['Capabilities sent', peer.capabilities.sent.map(capabilityText).join('; ')],
    ['Capabilities received', peer.capabilities.received.map(capabilityText).join('; ')],
    ['Prefixes received', countsText(peer.received)],
    ['Prefixes accepted', countsText(peer.accepted)],
    ['Prefix limit', limitText(peer)],
    ['Prefixes advertised', countsText(peer.advertised)],
    ['Messages sent', messagesText(peer.messages.sent)],
    ['Messages received', messagesText(peer.messages.received)],
    ['Bytes', `${peer.bytes.sent} sent, ${peer.bytes.received} received, ${peer.outputQueueBytes} waiting`],
    ['Treated as withdraw', peer.treatedAsWithdraw],
    ['Attributes discarded', peer.attributesDiscarded],
    ['Flaps', peer.flaps],
    ['Connections failed', failuresText(peer.connectionFailures)],
    ['Last attempt', attemptText(peer.lastAttempt)],
    ['Last sent', notificationText(peer.lastSent)],
    ['Last received', notificationText(peer.lastReceived)],
    ['Last error', notificationText(peer.lastError)],
  ];
  return optional.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

function limitText({ maxPrefixes, maxPrefixesWarning, nearLimit }: PeerDetail): string | null {
  if (maxPrefixes === null) return null;
  const reached = nearLimit.length === 0 ? '' : `: reached for ${nearLimit.join(', ')}`;
  return `${maxPrefixes} per family, warning at ${maxPrefixesWarning}${reached}`;
}

function capabilityText({ name, value }: { readonly name: string; readonly value: string }): string {
  return value === '' ? name : `${name} (${value})`;
}

function messagesText(counts: MessageCounts): string {
  return Object.entries(counts)
    .map(([type, count]) => `${count} ${type}`)
    .join(', ');
}

/** `2 timeout, 1 refused`; null for none. */
function failuresText(failures: ConnectionFailures): string | null {
  const texts = Object.entries(failures).flatMap(([kind, count]) =>
    count === 0 ? [] : [`${count} ${kind}`],
  );
  return texts.length === 0 ? null : texts.join(', ');
}

function attemptText(attempt: FailedAttempt | null): string | null {
  if (attempt === null) return null;
  return `${attempt.dialed ? 'dialed by us' : 'dialed by the peer'}, ${attempt.text} at ${attempt.at}`;
}

function notificationText(error: SessionError | null): string | null {
  return error === null ? null : `${errorText(error)} at ${error.at}`;
}

function yesNo(claim: boolean): string {
  return claim ? 'yes' : 'no';
}
