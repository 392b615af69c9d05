/** How a path reached this speaker: what reflection (RFC 4456 §6) and the decision process distinguish. */
export const SourceClass = { Local: 0, InternalClient: 1, InternalNonClient: 2, External: 3 } as const;
