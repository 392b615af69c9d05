/** Says each problem of the resources once: when it appears, and again only after it had gone. */
import type { Logger } from '@manul/bgp';
import type { RenderWarning, ResourceProblem, StaleSource } from '@manul/config';
import type { ErrorRecord } from './error-record.ts';

export class ProblemLog {
  readonly #logger: Logger;
  readonly #errors: ErrorRecord;
  #problems = new Set<string>();
  #warnings = new Set<string>();
  #stale = new Set<string>();

  constructor(logger: Logger, errors: ErrorRecord) {
    this.#logger = logger;
    this.#errors = errors;
  }

  onProblems(problems: readonly ResourceProblem[]): void {
    const fresh = new Map(problems.map((problem) => [problemLine(problem), problem]));
    for (const [line, problem] of fresh) {
      if (this.#problems.has(line)) continue;
      this.#report(line, problem);
    }
    const gone = [...this.#problems].filter((line) => !fresh.has(line));
    for (const line of gone) this.#logger.info('resource problem is gone', { problem: line });
    this.#problems = new Set(fresh.keys());
  }

  onWarnings(warnings: readonly RenderWarning[]): void {
    const lines = new Set(warnings.map(warningLine));
    for (const line of lines) {
      if (!this.#warnings.has(line)) this.#logger.warn('configuration warning', { warning: line });
    }
    this.#warnings = lines;
  }

  /** Says it when something cannot be followed, and when it is followed again; not each new reason. */
  onStale(stale: readonly StaleSource[]): void {
    for (const line of staleLines(stale.filter(({ what }) => !this.#stale.has(what)))) {
      this.#logger.warn('the datastore is not up to date', { stale: line });
      this.#errors.add('datastore', line);
    }
    const now = new Set(stale.map(({ what }) => what));
    const again = [...this.#stale].filter((what) => !now.has(what));
    if (again.length > 0) {
      this.#logger.info('the datastore is up to date again', { stale: again.join(', ') });
    }
    this.#stale = now;
  }

  #report(line: string, problem: ResourceProblem): void {
    if (problem.severity === 'note') {
      this.#logger.info('resource skipped', { problem: line });
    } else if (problem.severity === 'unknown-field') {
      this.#logger.warn('unknown field is ignored', { problem: line });
    } else {
      this.#logger.error('invalid resource, the last good version stays in force', { problem: line });
      this.#errors.add(problem.resource ?? 'datastore', line);
    }
  }
}

/** `file:line: Kind/name: field: text`, leaving out what is not known. */
export function problemLine(problem: ResourceProblem): string {
  const place =
    problem.file === null ? null : [problem.file, problem.line].filter((part) => part !== null).join(':');
  return [place, problem.resource, problem.field, problem.text]
    .filter((part) => part !== null && part !== '')
    .join(': ');
}

export function warningLine(warning: RenderWarning): string {
  return [warning.resource, warning.field, warning.text].filter((part) => part !== '').join(': ');
}

/** What is stale for the same reason is one line, since the first of it. */
export function staleLines(stale: readonly StaleSource[]): string[] {
  const groups = new Map<string, StaleSource[]>();
  for (const source of stale) {
    const key = `${source.everRead ? 'not followed' : 'not read'} ${source.reason}`;
    groups.set(key, [...(groups.get(key) ?? []), source]);
  }
  return [...groups.values()].map((group) => {
    const { everRead, reason } = group[0] as StaleSource;
    const since = group.map((source) => source.since).sort()[0];
    const what = group.map((source) => source.what).join(', ');
    return `${what}: ${everRead ? 'not followed' : 'not read'} since ${since}: ${reason}`;
  });
}
