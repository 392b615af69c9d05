/** Durations in Go's notation, as Kubernetes resources write them: `90s`, `1m30s`, `1.5h`. */

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6, // U+00B5, micro sign
  μs: 1e-6, // U+03BC, Greek letter
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** @returns seconds (with fraction), or null when `text` is no duration of at least zero. */
export function parseDurationSec(text: string): number | null {
  if (text === '0') return 0;
  let seconds = 0;
  let end = 0;
  PART.lastIndex = 0;
  for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
    seconds += Number(part[1]) * UNIT_SECONDS[part[2]!]!;
    end = PART.lastIndex;
  }
  return end === text.length && end > 0 ? seconds : null;
}
