/** Runs all steps; whenever `sliceMs` are over, whatever else waits has its turn. @throws what a step throws */
export async function inSlices<T>(sliceMs: number, steps: Generator<void, T>): Promise<T> {
  for (let sliceEnd = performance.now() + sliceMs; ; ) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < sliceEnd) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sliceEnd = performance.now() + sliceMs;
  }
}
