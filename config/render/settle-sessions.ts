/** Makes sessions of drafts: one for each remote, each with a name of its own. */
import type { SessionDraft } from './session-draft.ts';

export interface NamedSession {
  readonly name: string;
  readonly draft: SessionDraft;
}

/**
 * One session per (local address, remote address, port); the node has one local address per family, so the remote
 * tells. Of two drafts the better rank wins, then the first by name of the BGPPeer.
 */
export function settleSessions(drafts: readonly SessionDraft[]): NamedSession[] {
  const names = draftNames(drafts);
  const settled = new Map<string, SessionDraft>();
  for (const draft of [...drafts].sort(byPrecedence)) {
    const remote = `${draft.address} ${draft.port}`;
    if (!settled.has(remote)) settled.set(remote, draft);
  }
  return uniquelyNamed(Array.from(settled.values(), (draft) => ({ name: names.get(draft)!, draft })));
}

function byPrecedence(a: SessionDraft, b: SessionDraft): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  return Number(a.group > b.group) - Number(a.group < b.group);
}

/**
 * `mesh/<node>`; a BGPPeer's own name where it has one peer, else `<name>/<node or address>`. The IPv6 session
 * with a node that is also reached over IPv4 has `/ipv6` appended.
 */
function draftNames(drafts: readonly SessionDraft[]): Map<SessionDraft, string> {
  const peersByGroup = new Map<string, Set<string>>();
  const overIpv4 = new Set<string>();
  for (const draft of drafts) {
    const group = groupOf(draft);
    peersByGroup.set(group, (peersByGroup.get(group) ?? new Set()).add(peerOf(draft)));
    if (draft.family === 'ipv4') overIpv4.add(`${group} ${peerOf(draft)}`);
  }
  return new Map(
    drafts.map((draft) => {
      const group = groupOf(draft);
      const several = draft.kind === 'mesh' || peersByGroup.get(group)!.size > 1;
      const base = several ? `${draft.group}/${peerOf(draft)}` : draft.group;
      const second = draft.family === 'ipv6' && overIpv4.has(`${group} ${peerOf(draft)}`);
      return [draft, second ? `${base}/ipv6` : base] as const;
    }),
  );
}

function groupOf({ kind, group }: SessionDraft): string {
  return `${kind} ${group}`;
}

function peerOf({ remoteNode, address }: SessionDraft): string {
  return remoteNode ?? address;
}

/** A BGPPeer that is called `mesh`, or that meets one node on two ports, gets addresses into its names. */
function uniquelyNamed(sessions: readonly NamedSession[]): NamedSession[] {
  const taken = new Set<string>();
  const unique = sessions.map(({ name, draft }) => {
    const candidates = [name, `${name}/${draft.address}`, `${name}/${draft.address}:${draft.port}`];
    const free = candidates.find((candidate) => !taken.has(candidate)) ?? candidates[2]!;
    taken.add(free);
    return { name: free, draft };
  });
  return unique.sort((a, b) => (a.name < b.name ? -1 : 1));
}
