/** What must be undone when this process ends early: one listener for all of it. */

const pending = new Set<() => void>();

process.on('exit', () => {
  for (const undo of [...pending]) undo();
});

/** Runs `undo` at the exit of this process, unless the returned function is called before. */
export function atExit(undo: () => void): () => void {
  pending.add(undo);
  return () => pending.delete(undo);
}
