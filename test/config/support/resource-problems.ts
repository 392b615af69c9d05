/** What is wrong with a resource, by field; and tables of it. */
import { parse } from 'yaml';
import { formatFieldPath } from '../../../config/schema/issue-text.ts';
import { parseResource } from '../../../config/schema/parse-resource.ts';

type Problem = readonly [field: string, text: string];
export type Row = readonly [title: string, spec: string, ...problems: Problem[]];

export function problemsOf(yaml: string): (readonly [string, string])[] {
  const parsed = parseResource(parse(yaml));
  if (parsed.outcome === 'foreign') throw new Error('foreign');
  return parsed.problems.map((problem) => [formatFieldPath(problem.path), problem.text] as const);
}

export function calico(kind: string, spec: string, name = 'x'): string {
  return `apiVersion: projectcalico.org/v3\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}`;
}

/** Each row's spec has exactly these problems. */
export function rejects(kind: string, rows: readonly Row[], name = 'x'): void {
  for (const [title, spec, ...problems] of rows) {
    test(`${kind}: ${title}`, () => {
      expect(problemsOf(calico(kind, spec, name))).toEqual(problems);
    });
  }
}
