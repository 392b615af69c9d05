/** Session states by their RFC names (RFC 4271 §8.2.2), and their order of advance. */

export const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;
export type State = (typeof STATES)[number];

/** How far a connection has come: 0 Idle … 5 Established. */
export function advance(state: State): number {
  return STATES.indexOf(state);
}

/** States in which the connection has TCP and speaks BGP. */
export function isTalking(state: State): boolean {
  return advance(state) >= advance('OpenSent');
}
