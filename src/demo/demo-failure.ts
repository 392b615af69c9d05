/** Why the demo cannot go on: one line for the user, who is told nothing else. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}
